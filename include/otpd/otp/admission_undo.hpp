#pragma once

/// Takes back admissions whose answer from the store was lost. Nothing was transmitted for them, so
/// no limit may count them, and nobody may wait because of them.

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
    /// `pause` is the first pause between two tries; it doubles each time, up to a hundred times
    /// its length. After `give_up_after` the admission is left to end with its lease.
    admission_undo(store::store& store, telemetry::logger& log, std::chrono::milliseconds pause,
                   std::chrono::milliseconds give_up_after);

    /// Runs in the background, whatever becomes of the request. Logs an admission that it gives up.
    boost::asio::awaitable<void> start(store::settlement admitted, std::string request_id);

    /// Returns true as soon as the store says that there is no such admission (any more), and false
    /// when it gives up. `admitted` is the settlement that undoes it.
    ///
    /// An admission that is not there yet may still be on its way, so the store is asked twice.
    boost::asio::awaitable<bool> run(store::settlement admitted);

    /// Lets every undo, now and later, try once more and end. Returns when all have ended, or at
    /// the limit.
    boost::asio::awaitable<void> drain(deadline limit);

private:
    struct shared;
    telemetry::logger& log_;
    std::shared_ptr<shared> shared_; ///< those that run keep it
};

} // namespace otpd::otp
