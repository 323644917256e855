#pragma once

/// Takes back admissions of which the store did not say whether they were made. Nothing was transmitted for
/// them, so nobody is to pay for them or to wait because of them.

#include "otpd/core/deadline.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>

namespace otpd::otp {

/// From any executor. It has to stay until all that run have ended.
class admission_undo {
public:
    /// `pause` is the first between two tries; each is twice as long as the one before, up to a hundred times
    /// it. After `give_up_after` an admission is left to end with its lease.
    admission_undo(store::store& in, std::chrono::milliseconds pause,
                   std::chrono::milliseconds give_up_after) noexcept
        : store_(in), pause_(pause), give_up_after_(give_up_after) {}

    /// Ends with true as soon as the store has said that there is no such admission, or no longer; with false
    /// when it was given up. `admitted` is the settlement that undoes it.
    ///
    /// One that is not there may still be on its way, so it is looked for twice.
    boost::asio::awaitable<bool> run(store::settlement admitted);

    /// All that run, and will, try once more and end. Ends with them, or at the limit.
    boost::asio::awaitable<void> drain(deadline limit);

private:
    boost::asio::awaitable<void> wait(std::chrono::milliseconds pause);

    store::store& store_;
    std::chrono::milliseconds const pause_;
    std::chrono::milliseconds const give_up_after_;
    std::atomic<bool> is_draining_{false};
    std::atomic<std::size_t> running_{0};
};

} // namespace otpd::otp
