#include "engine/budgets.hpp"
#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/rate_limits.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

namespace otpd::store::engine {

namespace {

using state::verification_state;

void settle_request(states& in, settlement const& request) {
    auto const key = state::request_state_key(request.once->key);
    auto const& kept = in.record(key);
    if (!kept.is_kept || kept.is_settled) return;
    auto& record = in.change_record(key);
    if (request.result == send_result::refused) {
        record = {};
    } else {
        record.is_settled = true;
        record.text = request.reply;
    }
}

std::vector<adjustment> const& adjustments_of(settlement const& request,
                                              verification_state const& of) noexcept {
    bool const replaced_after_all =
        request.unanswered && of.events.count(event_kind::step) > request.unanswered->steps_before;
    return replaced_after_all ? request.unanswered->adjustments : request.adjustments;
}

/// All trace of it goes, but for a pause that keeps it from being repeated at full speed.
void remove(number_state& from, settlement const& request, store_time now) {
    auto* const found = from.find(request.id);
    auto begun_until = found->admitted + request.cooldown;
    bool has_begun = request.cooldown > duration(0);
    auto const scope = found->scope;
    auto const* const pause = from.find_cooldown(scope);
    if (request.is_undo && pause != nullptr) {
        has_begun = pause->since == found->admitted;
        begun_until = pause->pause_until;
    }
    from.verifications.erase(from.verifications.begin() + (found - from.verifications.data()));
    if (has_begun) take_back_pause(from, scope, begun_until, request.back_off, to_millisecond(now));
}

void take_back(states& in, settlement const& request, store_time now) {
    for (auto const& each : request.give_back)
        give_back(in, request.key.number, each, now);
    for (auto const& each : request.guarded)
        uncount_sent(in, each, now);
}

void keep_result(verification_state& of, settlement const& request, store_time now) {
    bool const accepted = request.result == send_result::accepted;
    auto const message = accepted ? delivery::accepted : delivery::unknown;
    // An update may have come before.
    bool const known_better = certainty(of.message) > certainty(message);
    if (request.accepted && accepted && !(known_better && of.sent))
        of.sent = state::packed_receipt(*request.accepted);
    if (!known_better) of.message = message;
    list_notes(of, request.notes, now);
    add_event(of, accepted ? event_kind::accepted : event_kind::unknown, now, request.details);
    if (of.code_state == progress::pending) of.code_state = progress::active;
    of.lease_end = {};
    of.is_settled = true;
}

} // namespace

settle_outcome settle(states& in, settlement const& request, store_time now) {
    auto const* const found = in.number(request.key.number).find(request.id);
    // The key may be another send's by now.
    bool const is_its_own = found != nullptr || !request.is_undo;
    if (request.once && is_its_own) settle_request(in, request);
    if (found == nullptr) return settle_outcome::superseded;
    bool const refused = request.result == send_result::refused;
    if (refused && !found->is_live()) return settle_outcome::superseded;
    if (!found->is_settled) adjust(in, adjustments_of(request, *found), now);
    auto& number = in.change_number(request.key.number);
    if (refused) {
        remove(number, request, now);
        take_back(in, request, now);
    } else {
        keep_result(*number.find(request.id), request, now);
        bound_events(number);
    }
    return settle_outcome::settled;
}

rebook_outcome replace_reservation(states& in, rebooking const& request, store_time now) {
    auto const* const of = in.number(request.of.number).find(request.of.id);
    if (of == nullptr || of->is_settled) return too_late{};
    refused found;
    for (auto const& each : request.take) {
        auto taken = taken_from(in, each.from).value_or(0);
        for (auto const& change : request.give_back)
            if (change.of == each.from && taken_from(in, change.of))
                taken = changed_by(taken, change.change);
        if (auto const wait = refusal_of(in, each, taken, now))
            (each.observed ? found.observed : found.violations)
                .push_back(violation{each.from.name, *wait});
    }
    if (!found.violations.empty()) return found;
    adjust(in, request.give_back, now);
    reserve(in, request.take, now);
    auto& number = in.change_number(request.of.number);
    add_notes(*number.find(request.of.id), request.notes, now);
    bound_events(number);
    return rebooked{std::move(found.observed)};
}

std::vector<std::int64_t> spent(states& in, std::vector<budget_key> const& of, store_time) {
    std::vector<std::int64_t> sums;
    sums.reserve(of.size());
    for (auto const& each : of)
        sums.push_back(taken_from(in, each).value_or(0));
    return sums;
}

} // namespace otpd::store::engine
