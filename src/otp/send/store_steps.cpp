#include "send/store_steps.hpp"

#include "send/store_requests.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<store::result<store::admit_outcome>>
store_steps::admit(send_state& send, blocked_event const& event_of) const {
    co_await entries_.reserve(send);
    auto request = admission_of(send.draft, rules_);
    request.entry = entries_.write(send);
    request.outbox = entries_.blocked(send, event_of);
    auto answer = co_await store_.admit(std::move(request));
    bool const is_lost = !answer && answer.error() == store::fault::unknown;
    send.is_entered = is_lost || (answer && std::holds_alternative<store::admitted>(*answer));
    if (is_lost) {
        send.outbox.is_doubtful = true;
        auto lost = admission_of(send.draft, rules_);
        lost.entry = entries_.write(send);
        co_await undo_.start(undo_of(lost), send.draft.request.caller.request_id);
    }
    co_return answer;
}

asio::awaitable<store::result<store::admit_outcome>>
store_steps::replay(send_draft const& draft, store::reservation impossible) const {
    return store_.admit(replay_of(draft, rules_, std::move(impossible)));
}

asio::awaitable<store::result<store::replace_outcome>>
store_steps::replace_reservation(send_state const& send,
                                 std::vector<store::reservation> const& before) const {
    auto request = reservation_replacement_of(send, before, now_.now());
    request.entry = entries_.write(send);
    return store_.replace_reservation(std::move(request));
}

asio::awaitable<store::result<store::replace_outcome>> store_steps::hedge(send_state& send) const {
    co_await entries_.reserve(send);
    auto request = reservation_replacement_of(send, {}, now_.now());
    request.entry = entries_.write(send);
    auto answer = co_await store_.replace_reservation(std::move(request));
    bool const is_lost = !answer && answer.error() == store::fault::unknown;
    send.is_entered =
        is_lost || (answer && std::holds_alternative<store::reservation_replaced>(*answer));
    if (is_lost) {
        auto undo = hedge_settlement_of(send, now_.now());
        undo.is_undo = true;
        if (send.slot) undo.entry = journal::erasure(*send.slot, send.draft.address.id);
        co_await undo_.start(std::move(undo), send.draft.request.caller.request_id);
    }
    co_return answer;
}

asio::awaitable<store::result<store::settle_outcome>>
store_steps::settle_hedge(send_state& send) const {
    auto request = hedge_settlement_of(send, now_.now());
    request.entry = entries_.write(send);
    request.outbox = entries_.settled(send);
    return store_.settle(std::move(request));
}

asio::awaitable<store::result<store::settle_outcome>>
store_steps::settle(send_state& send, outcome<sent> const& result) const {
    auto request = settlement_of(send, result, rules_, now_.now());
    request.entry = entries_.write(send);
    request.outbox = entries_.settled(send);
    return store_.settle(std::move(request));
}

} // namespace otpd::otp
