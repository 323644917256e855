#pragma once

/// How often each client may ask for what is neither a send nor a check: the account, prices,
/// routes, deliveries, scores. One client's questions must not keep the others' from the upstream.

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

/// Counted in memory, by this instance alone: what a question costs is this instance's share of the
/// upstream. On a strand of its own; from any thread.
class read_limit {
public:
    static constexpr std::chrono::seconds window{60};

    /// `quota` questions of each client in the window, regained evenly (GCRA); 0: no limit. `now`
    /// and `metrics` must outlive it.
    read_limit(boost::asio::any_io_executor executor, std::uint64_t quota, clock const& now,
               telemetry::metrics& metrics);
    ~read_limit();

    /// Counts a question, or says why it is refused. Clients are few: those of the settings.
    boost::asio::awaitable<std::optional<failure>> refusal(client const& client);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::otp
