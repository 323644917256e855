#include "send/store_steps.hpp"

#include "send/store_requests.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<store::result<store::admit_outcome>>
store_steps::admit(send_draft const& draft) const {
    auto answer = co_await store_.admit(admission_of(draft, rules_));
    if (!answer && answer.error() == store::fault::unknown)
        co_await undo_.start(undo_of(admission_of(draft, rules_)), draft.request.caller.request_id);
    co_return answer;
}

asio::awaitable<store::result<store::admit_outcome>>
store_steps::replay(send_draft const& draft, store::reservation impossible) const {
    return store_.admit(replay_of(draft, rules_, std::move(impossible)));
}

asio::awaitable<store::result<store::replace_outcome>>
store_steps::replace_reservation(send_state const& send,
                                 std::vector<store::reservation> const& before) const {
    return store_.replace_reservation(reservation_replacement_of(send, before, now_.now()));
}

asio::awaitable<store::result<store::settle_outcome>>
store_steps::settle(send_state const& send, outcome<sent> const& result) const {
    return store_.settle(settlement_of(send, result, rules_, now_.now()));
}

} // namespace otpd::otp
