#include "engine/budgets.hpp"
#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/guesses.hpp"
#include "engine/rate_limits.hpp"
#include "engine/scores.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

/// How long no guess of the class is evaluated.
duration whole_lock_of(state::number_state const& number, guess_budget const& budget,
                       state::requester_class whose, store_time now) {
    auto const nothing = duration(0);
    return std::max(lock_of(number, budget, whose, now).value_or(nothing),
                    failure_lock_of(number, budget, whose, now).value_or(nothing));
}

/// No hedge is under way for longer.
constexpr std::chrono::minutes longest_hedge{3};

/// Whether another message has the id that a message of unknown outcome is said to have, or may get
/// it: instances do not know what others have sent. `updated` if none.
update_outcome::kind owner_of_id(number_state const& state, delivery_update const& request,
                                 store_time now) {
    using enum update_outcome::kind;
    auto answer = updated;
    if (!request.sent || request.sent->bx_message_id.empty()) return answer;
    auto const compare = [&](state::packed_receipt const& sent, bool is_under_way) {
        if (sent && sent.get().bx_message_id == request.sent->bx_message_id)
            answer = taken;
        else if (is_under_way && answer == updated)
            answer = in_flight;
    };
    for (auto const& verification : state.verifications) {
        bool const is_same = verification.id == request.address.id;
        if (!is_same || request.is_hedge) compare(verification.sent, verification.lease_end > now);
        if (!verification.hedge || (is_same && request.is_hedge)) continue;
        compare(verification.hedge->sent, verification.hedge->message == delivery::queued &&
                                              now < verification.hedge->booked + longest_hedge);
    }
    return answer;
}

} // namespace

update_outcome update(states& states, delivery_update const& request, store_time now) {
    auto const* const found = states.number(request.address.number).find(request.address.id);
    if (found == nullptr || (request.is_hedge && !found->hedge)) return update_outcome::absent;
    auto const before = certainty(request.is_hedge ? found->hedge->message : found->message);
    auto const with_it = certainty(request.message);
    bool const grows = with_it > before;
    bool const event_alone = with_it == before && with_it < certainty(delivery::delivered) &&
                             lists_more(*found) &&
                             request.details != found->events.last_details(event_type::delivery);
    if (!grows && !event_alone) {
        // Whoever repeats it because an answer was lost must not tell it as the verification's end.
        bool const is_other = with_it == certainty(delivery::delivered) && found->hedge &&
                              found->delivered() != request.message;
        return {is_other ? update_outcome::recorded : update_outcome::known,
                time_of_event(*found, found->events.last_time(event_type::delivery))};
    }
    auto const owner = owner_of_id(states.number(request.address.number), request, now);
    if (owner != update_outcome::updated) return owner;
    if (grows) adjust(states, request.adjustments, now);
    auto& number = states.change_number(request.address.number);
    auto& changed = *number.find(request.address.id);
    auto const delivered_before = changed.delivered();
    if (grows) {
        if (request.score && !request.is_hedge)
            count_report(states, changed, request.message, *request.score, now);
        (request.is_hedge ? changed.hedge->message : changed.message) = request.message;
        if (request.sent)
            (request.is_hedge ? changed.hedge->sent : changed.sent) =
                state::packed_receipt(*request.sent);
        if (changed.delivered() == delivery::failed) end_pause_of(number, changed);
    }
    auto const delivered = changed.delivered();
    bool const is_end = certainty(request.message) == certainty(delivery::delivered);
    bool const decides = delivered == request.message && delivered != delivered_before;
    list_event(changed, event_type::delivery, now, request.details);
    auto const at = time_of_event(changed, now);
    bound_events(number);
    return {is_end && !decides ? update_outcome::recorded : update_outcome::updated, at};
}

std::optional<verification> find(states& states, verification_address const& at, store_time now) {
    auto const& number = states.number(at.number);
    auto const* const found = number.find(at.id);
    if (found == nullptr) return std::nullopt;
    return shown(number, *found, now);
}

cancel_outcome cancel(states& states, cancellation const& request, store_time now) {
    auto const* const found = states.number(request.address.number).find(request.address.id);
    if (found == nullptr || !found->scope.starts_with(request.scope_prefix))
        return cancel_outcome::absent;
    if (!found->is_live()) return cancel_outcome::ended;
    auto& number = states.change_number(request.address.number);
    auto& canceled = *number.find(request.address.id);
    if (request.verified)
        end_verification(canceled, progress::verified, event_type::verified, now);
    else
        end_verification(canceled, progress::canceled, event_type::canceled, now);
    number.drop_unused_codes();
    cancel_outcome answer(cancel_outcome::canceled, time_of_event(canceled, now));
    answer.reference = canceled.reference;
    if (request.verified)
        count_verified(states, request.address.number, request.address.id, *request.verified, now);
    return answer;
}

released release_number(states& states, release const& request, store_time) {
    bool const are_locks = request.what == release_part::locks;
    auto const& seen = states.number(request.number);
    released done;
    if (are_locks) {
        for (auto const& guess : seen.guesses)
            done.wrong_guesses += guess.count;
        done.failures_in_a_row = seen.failures_in_a_row;
    } else {
        done.devices = static_cast<std::uint32_t>(seen.devices.size());
    }
    if (done == released()) return done;
    auto& number = states.change_number(request.number);
    if (are_locks) {
        number.guesses.clear();
        number.guess_from = {};
        number.forget_failures();
    } else {
        number.devices.clear();
    }
    return done;
}

inspected inspect(states& states, inspection const& request, store_time now) {
    using enum state::requester_class;
    auto const& number = states.number(request.number);
    inspected seen;
    for (auto it = number.verifications.rbegin(); it != number.verifications.rend(); ++it)
        seen.verifications.push_back(shown(number, *it, now));
    for (auto const& cooldown : number.cooldowns)
        if (cooldown.pause_until > now)
            seen.cooldowns.push_back(
                {cooldown.scope, cooldown.whose == known_device, until(cooldown.pause_until, now)});
    seen.wrong_guesses = counted(number, kind_of(stranger));
    seen.device_wrong_guesses = counted(number, kind_of(known_device));
    seen.failures_in_a_row = number.failures_in_a_row;
    seen.devices = static_cast<std::uint32_t>(number.devices.size());
    seen.locked_for = whole_lock_of(number, request.guesses, stranger, now);
    seen.devices_locked_for = whole_lock_of(number, request.guesses, known_device, now);
    limited const by{request.number, stranger};
    for (auto const& rate_limit_check : request.rate_limit_checks)
        seen.resets_in.push_back(tat_of(states, by, rate_limit_check, now) - now);
    for (auto const& guard : request.guards) {
        auto const against = check_guard(states, guard, now);
        seen.guards.push_back(
            {room_of(states, guard, now), against ? against->retry_after : duration(0)});
    }
    return seen;
}

} // namespace otpd::store::engine
