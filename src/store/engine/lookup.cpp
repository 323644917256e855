#include "engine/budgets.hpp"
#include "engine/cooldown.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

namespace otpd::store::engine {

update_outcome update(states& in, delivery_update const& request, store_time now) {
    auto const* const found = in.number(request.at.number).find(request.at.id);
    if (found == nullptr) return update_outcome::absent;
    auto const before = certainty(found->message);
    auto const with_it = certainty(request.message);
    bool const grows = with_it > before;
    bool const event_alone = with_it == before && with_it < certainty(delivery::delivered) &&
                             lists_more(*found) &&
                             request.details != found->events.last_details(event_kind::delivery);
    if (!grows && !event_alone) return update_outcome::known;
    if (grows) adjust(in, request.adjustments, now);
    auto& number = in.change_number(request.at.number);
    auto& changed = *number.find(request.at.id);
    if (grows) {
        changed.message = request.message;
        if (request.sent) changed.sent = state::packed_receipt(*request.sent);
        if (request.message == delivery::failed)
            end_pause_of(number, changed.scope, changed.admitted);
    }
    list_event(changed, event_kind::delivery, now, request.details);
    bound_events(number);
    return update_outcome::updated;
}

std::optional<verification> find(states& in, verification_address const& at, store_time now) {
    auto const* const found = in.number(at.number).find(at.id);
    if (found == nullptr) return std::nullopt;
    return shown(*found, now);
}

cancel_outcome cancel(states& in, cancellation const& request, store_time now) {
    auto const* const found = in.number(request.at.number).find(request.at.id);
    if (found == nullptr || !found->scope.starts_with(request.slot_prefix))
        return cancel_outcome::absent;
    if (!found->is_live()) return cancel_outcome::ended;
    auto& number = in.change_number(request.at.number);
    end_code(*number.find(request.at.id), progress::canceled, event_kind::canceled, now);
    return cancel_outcome::canceled;
}

} // namespace otpd::store::engine
