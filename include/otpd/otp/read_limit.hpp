#pragma once

/// Limits how often each client may make requests other than sends and checks: account, prices,
/// routes, deliveries, scores. One client's reads must not block those of others.

#include "otpd/core/clock.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace otpd::otp {

/// Counts in memory and for this instance only, because reads use this instance's share of the
/// upstream. Runs on its own strand; thread-safe.
class read_limit {
public:
    static constexpr std::chrono::seconds window{60};

    /// Each client may make `quota` reads per window, regained evenly (GCRA). 0: no limit. `now`
    /// and `metrics` must outlive this object.
    read_limit(boost::asio::any_io_executor executor, std::uint64_t quota, clock const& now,
               telemetry::metrics& metrics);

    /// Another quota, after a reload. What was read so far counts on.
    void set_quota(std::uint64_t quota) noexcept { quota_ = quota; }
    /// Counts a read, or returns why it is refused. There are few clients: those of the settings.
    boost::asio::awaitable<std::optional<failure>> refusal(client const& client);

private:
    static constexpr std::size_t clients_kept_anyway = 1024;

    /// Runs on strand_. Returns how long the client must wait; nullopt if it may read now, which is
    /// then counted.
    std::optional<steady_time::duration> wait_of(std::string const& who, std::uint64_t quota);
    /// After many reloads, those of clients that are no more.
    void forget_idle(steady_time now);

    std::atomic<std::uint64_t> quota_;
    clock const& now_;
    telemetry::metrics& metrics_;
    net::strand strand_;
    std::unordered_map<std::string, steady_time> tats_; ///< theoretical arrival times
    std::size_t forgotten_from_ = clients_kept_anyway;  ///< sizes of tats_
};

} // namespace otpd::otp
