#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/admission_undo.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/store/store.hpp"
#include "send/send_state.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace otpd::otp {

/// The steps of the store in the life of one send, each of which is atomic. From any executor.
class store_steps {
public:
    /// All must outlive it.
    store_steps(policy const& rules, store::store& store, admission_undo& undo, clock const& now)
        : rules_(rules), store_(store), undo_(undo), now_(now) {}

    /// An admission whose answer was lost is undone in the background.
    boost::asio::awaitable<store::result<store::admit_outcome>>
    admit(send_draft const& draft) const;
    /// Only reads the idempotency record: `impossible` is refused.
    boost::asio::awaitable<store::result<store::admit_outcome>>
    replay(send_draft const& draft, store::reservation impossible) const;
    /// Refunds the reservations of the route before and makes those of the taken one.
    boost::asio::awaitable<store::result<store::replace_outcome>>
    replace_reservation(send_state const& send,
                        std::vector<store::reservation> const& before) const;
    /// `result` is also what later calls with the same idempotency key are told.
    boost::asio::awaitable<store::result<store::settle_outcome>>
    settle(send_state const& send, outcome<sent> const& result) const;

private:
    policy const& rules_;
    store::store& store_;
    admission_undo& undo_;
    clock const& now_;
};

} // namespace otpd::otp
