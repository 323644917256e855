#pragma once

/// Undoes admissions whose answer from the store was lost. Nothing was transmitted for them, so no
/// limit may count them, and no other send may have to wait for them.

#include "otpd/core/deadline.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace otpd::otp {

/// Thread-safe. The store must outlive all running undos.
class admission_undo {
public:
    /// `pause` is the first pause between two attempts; it doubles each time, up to a hundred times
    /// its length. After `give_up_after` the admission is left to end with its lease.
    admission_undo(store::store& store, telemetry::logger& log, std::chrono::milliseconds pause,
                   std::chrono::milliseconds give_up_after);

    /// Runs in the background, whatever happens to the request. Logs an admission that it gives up.
    boost::asio::awaitable<void> start(store::settlement admitted, std::string request_id);

    /// Returns true as soon as the store reports that the admission is undone or does not exist,
    /// and false when it gives up. `admitted` is the settlement that undoes it.
    ///
    /// A missing admission may still be in flight, so the store must report it as missing twice.
    boost::asio::awaitable<bool> run(store::settlement admitted);

    /// Lets every undo, present and future, make one more attempt and end. Returns when all have
    /// ended, or at the limit.
    boost::asio::awaitable<void> drain(deadline limit);

private:
    struct shared;
    telemetry::logger& log_;
    std::shared_ptr<shared> shared_; ///< kept alive by running undos
};

} // namespace otpd::otp
