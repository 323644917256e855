#include "engine/hedge.hpp"

#include "engine/budgets.hpp"
#include "engine/cooldown.hpp"
#include "engine/verifications.hpp"

#include <algorithm>

namespace otpd::store::engine {

using state::number_state;
using state::verification_state;

bool can_be_hedged(number_state const& state, verification_state const& verification) noexcept {
    auto const newest =
        std::find_if(state.verifications.rbegin(), state.verifications.rend(),
                     [&](auto const& entry) { return entry.session() == verification.session(); });
    return newest->id == verification.id && verification.is_live() && verification.is_settled &&
           verification.message == delivery::accepted && verification.taken.number != 0 &&
           !verification.hedge;
}

settle_outcome settle_hedge(states& states, settlement const& request, store_time now) {
    auto const* const found = states.number(request.key.number).find(request.id);
    // Whoever booked it settles it once; whoever undoes a booking may not have made it.
    if (found == nullptr && !request.is_undo) adjust(states, request.adjustments, now);
    bool const is_open =
        found != nullptr && found->hedge && found->hedge->message == delivery::queued;
    if (!is_open) return settle_outcome::superseded;
    adjust(states, request.adjustments, now);
    auto& number = states.change_number(request.key.number);
    auto& changed = *number.find(request.id);
    list_notes(changed, request.notes, now);
    auto& hedge = *changed.hedge;
    if (request.result == send_result::refused) {
        hedge.message = delivery::failed;
        if (changed.delivered() == delivery::failed) end_pause_of(number, changed);
    } else {
        bool const is_accepted = request.result == send_result::accepted;
        hedge.message = is_accepted ? delivery::accepted : delivery::unknown;
        if (request.accepted) hedge.sent = state::packed_receipt(*request.accepted);
        hedge.step = request.step;
        if (!is_accepted) keep_until_known(changed, request, now);
        add_event(changed, is_accepted ? event_type::accepted : event_type::unknown, now,
                  request.details);
    }
    auto const at = time_of_event(changed, now);
    bool const has_failed = changed.delivered() == delivery::failed;
    bound_events(number);
    return {has_failed ? settle_outcome::failed : settle_outcome::settled, at};
}

state::packed_receipt const& arrived(verification_state const& verification) noexcept {
    bool const is_second = verification.hedge && verification.hedge->sent &&
                           verification.message != delivery::delivered &&
                           verification.hedge->message == delivery::delivered;
    return is_second ? verification.hedge->sent : verification.sent;
}

} // namespace otpd::store::engine
