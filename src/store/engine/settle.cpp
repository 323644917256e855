#include "engine/budgets.hpp"
#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/devices.hpp"
#include "engine/escalation.hpp"
#include "engine/hedge.hpp"
#include "engine/journal.hpp"
#include "engine/rate_limits.hpp"
#include "engine/scores.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

namespace otpd::store::engine {

namespace {

using state::verification_state;

void settle_request(states& states, settlement const& request) {
    auto const key = state::request_state_key(request.idempotency->key);
    auto const& kept = states.record(key);
    if (!kept.is_kept || kept.is_settled) return;
    auto& record = states.change_record(key);
    if (request.result == send_result::refused) {
        record = {};
    } else {
        record.is_settled = true;
        record.text = request.reply;
    }
}

std::vector<adjustment> const& adjustments_of(settlement const& request,
                                              verification_state const& verification) noexcept {
    bool const replaced_after_all =
        request.unanswered &&
        verification.events.count(event_type::step) > request.unanswered->steps_before;
    return replaced_after_all ? request.unanswered->adjustments : request.adjustments;
}

/// Removes all trace of it, except for a pause that keeps it from being repeated at full speed.
void remove(number_state& state, settlement const& request, store_time now) {
    auto* const found = state.find(request.id);
    auto begun_until = found->admitted + request.cooldown;
    bool has_begun = request.cooldown > duration(0);
    std::string const scope = found->scope;
    state::session_key const session{scope, found->whose};
    auto const* const pause = state.find_cooldown(session);
    if (request.is_undo && pause != nullptr) {
        has_begun = pause->since == found->admitted;
        begun_until = pause->pause_until;
    }
    if (has_code_alone(state, *found)) uncount_untyped(state, *found);
    uncount_escalation(state, *found);
    state.verifications.erase(state.verifications.begin() + (found - state.verifications.data()));
    state.drop_unused_codes();
    if (has_begun)
        take_back_pause(state, session, begun_until, request.back_off, to_millisecond(now));
}

void take_back(states& states, settlement const& request, verification_state const& verification,
               store_time now) {
    for (auto const& entry : request.refund)
        refund(states, {request.key.number, verification.whose}, entry, now);
    for (auto const& entry : request.guarded)
        uncount_sent(states, entry, verification.admitted, now);
}

/// Does nothing if another send used the challenge.
void free_challenge(states& states, settlement const& request) {
    auto const key = state::request_state_key(*request.challenge);
    auto const& kept = states.record(key);
    if (kept.is_kept && kept.fingerprint == request.id) states.change_record(key) = {};
}

void keep_result(verification_state& verification, settlement const& request, store_time now) {
    bool const accepted = request.result == send_result::accepted;
    auto const message = accepted ? delivery::accepted : delivery::unknown;
    // A delivery update may have arrived earlier.
    bool const known_better = certainty(verification.message) > certainty(message);
    if (request.accepted && accepted && !(known_better && verification.sent))
        verification.sent = state::packed_receipt(*request.accepted);
    if (!known_better) verification.message = message;
    if (verification.taken.number != 0 && request.step != 0)
        verification.taken.number = request.step;
    list_notes(verification, request.notes, now);
    add_event(verification, accepted ? event_type::accepted : event_type::unknown, now,
              request.details);
    if (verification.code_state == progress::pending) verification.code_state = progress::active;
    verification.lease_end = {};
    verification.is_settled = true;
    if (!accepted) keep_until_known(verification, request, now);
}

settle_outcome settle_send(states& states, settlement const& request, store_time now) {
    auto const* const found = states.number(request.key.number).find(request.id);
    // The key may belong to another send by now.
    bool const is_its_own = found != nullptr || !request.is_undo;
    if (request.idempotency && is_its_own) settle_request(states, request);
    if (request.entry && (found != nullptr || request.entry->text.empty()))
        write_entry(states, *request.entry, now);
    if (request.is_hedge) return settle_hedge(states, request, now);
    if (found == nullptr) return settle_outcome::superseded;
    bool const refused = request.result == send_result::refused;
    if (refused && !found->is_live()) return settle_outcome::superseded;
    if (!found->is_settled) adjust(states, adjustments_of(request, *found), now);
    auto& number = states.change_number(request.key.number);
    auto const at = time_of_event(*found, now);
    if (request.score) count_send(states, *number.find(request.id), *request.score, now);
    if (refused) {
        take_back(states, request, *found, now);
        remove(number, request, now);
        if (request.challenge) free_challenge(states, request);
    } else {
        keep_result(*number.find(request.id), request, now);
        bound_events(number);
    }
    return {settle_outcome::settled, at};
}

} // namespace

settle_outcome settle(states& states, settlement const& request, store_time now) {
    auto const outcome = settle_send(states, request, now);
    write_outbox(states, request.outbox, outcome, now);
    return outcome;
}

replace_outcome replace_reservation(states& states, reservation_replacement const& request,
                                    store_time now) {
    auto const& seen = states.number(request.address.number);
    auto const* const of = seen.find(request.address.id);
    if (of == nullptr || (request.is_hedge ? !can_be_hedged(seen, *of) : of->is_settled))
        return too_late{};
    refused found;
    for (auto const& entry : request.take) {
        auto taken = taken_from(states, entry.budget).value_or(0);
        for (auto const& change : request.refund)
            if (change.budget == entry.budget && taken_from(states, change.budget))
                taken = changed_by(taken, change.change);
        if (auto const wait = refusal_of(states, entry, taken, now))
            (entry.observed ? found.observed : found.violations)
                .push_back(violation{entry.budget.name, *wait});
    }
    if (!found.violations.empty()) return found;
    adjust(states, request.refund, now);
    reserve(states, request.take, now);
    auto& number = states.change_number(request.address.number);
    auto& changed = *number.find(request.address.id);
    if (request.is_hedge) changed.hedge.emplace().booked = to_millisecond(now);
    add_notes(changed, request.notes, now);
    bound_events(number);
    if (request.entry) write_entry(states, *request.entry, now);
    return reservation_replaced{std::move(found.observed)};
}

std::vector<std::int64_t> spent(states& states, std::vector<budget_key> const& budgets,
                                store_time) {
    std::vector<std::int64_t> sums;
    sums.reserve(budgets.size());
    for (auto const& budget : budgets)
        sums.push_back(taken_from(states, budget).value_or(0));
    return sums;
}

} // namespace otpd::store::engine
