#pragma once

/// Takes back admissions of which the store did not say whether they were made. Nothing was transmitted for
/// them, so nobody is to pay for them or to wait because of them.

#include "otpd/core/deadline.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace otpd::telemetry {
class logger;
} // namespace otpd::telemetry

namespace otpd::otp {

/// From any executor. The store has to stay until all that run have ended.
class admission_undo {
public:
    /// `pause` is the first between two tries; each is twice as long as the one before, up to a hundred times
    /// it. After `give_up_after` an admission is left to end with its lease.
    admission_undo(store::store& in, telemetry::logger& log, std::chrono::milliseconds pause,
                   std::chrono::milliseconds give_up_after);

    /// In the background, whatever becomes of the request; one that is given up is logged.
    boost::asio::awaitable<void> start(store::settlement admitted, std::string request_id);

    /// Ends with true as soon as the store has said that there is no such admission, or no longer; with false
    /// when it was given up. `admitted` is the settlement that undoes it.
    ///
    /// One that is not there may still be on its way, so it is looked for twice.
    boost::asio::awaitable<bool> run(store::settlement admitted);

    /// All that run, and will, try once more and end. Ends with them, or at the limit.
    boost::asio::awaitable<void> drain(deadline limit);

private:
    struct shared;
    telemetry::logger& log_;
    std::shared_ptr<shared> shared_; ///< those that run keep it
};

} // namespace otpd::otp
