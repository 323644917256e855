#pragma once

/// Limits how often each client may make requests other than sends and checks: account, prices,
/// routes, deliveries, scores. One client's reads must not block those of others.

#include "otpd/core/clock.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/limits.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace otpd::telemetry {
class metrics;
} // namespace otpd::telemetry

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
    ~read_limit();

    /// Another quota, after a reload. What was read so far counts on.
    void set_quota(std::uint64_t quota) noexcept;
    /// Counts a read, or returns why it is refused. There are few clients: those of the settings.
    boost::asio::awaitable<std::optional<failure>> refusal(client const& client);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::otp
