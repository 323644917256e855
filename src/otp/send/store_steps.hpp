#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/admission_undo.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/store/store.hpp"
#include "send/send_entries.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace otpd::otp {

/// The steps of one send in the store, each of which is atomic. Thread-safe.
class store_steps {
public:
    /// All arguments must outlive it.
    store_steps(policy const& rules, store::store& store, admission_undo& undo,
                send_entries const& entries, clock const& now)
        : rules_(rules), store_(store), undo_(undo), entries_(entries), now_(now) {}

    /// If the answer to an admission is lost, the admission is undone in the background.
    boost::asio::awaitable<store::result<store::admit_outcome>>
    admit(send_state& send, blocked_event const& event_of) const;
    /// Only reads the idempotency record, because `impossible` is refused.
    boost::asio::awaitable<store::result<store::admit_outcome>>
    replay(send_draft const& draft, store::reservation impossible) const;
    /// Refunds the reservations of the previous route and makes those of the current one.
    boost::asio::awaitable<store::result<store::replace_outcome>>
    replace_reservation(send_state const& send,
                        std::vector<store::reservation> const& before) const;
    /// Books the second message. If the answer is lost, it is taken back in the background.
    boost::asio::awaitable<store::result<store::replace_outcome>> hedge(send_state& send) const;
    boost::asio::awaitable<store::result<store::settle_outcome>>
    settle_hedge(send_state& send) const;
    /// Later calls with the same idempotency key also get `result`.
    boost::asio::awaitable<store::result<store::settle_outcome>>
    settle(send_state& send, outcome<sent> const& result) const;
    /// Call it after the send's event was passed on, or if there is none.
    void end_event(send_state& send) const noexcept { entries_.end_event(send); }
    void read_event_back(send_state& send) const noexcept { entries_.read_event_back(send); }

private:
    policy const& rules_;
    store::store& store_;
    admission_undo& undo_;
    send_entries const& entries_;
    clock const& now_;
};

} // namespace otpd::otp
