#include "engine/verifications.hpp"

#include "engine/states.hpp"

#include <algorithm>
#include <functional>

namespace otpd::store::engine {

using state::number_state;
using state::verification_state;

namespace {

/// What is listed in any case has an end too.
constexpr std::size_t all_events_max = 2 * events_max;

wall_time wall_time_of(store_time at) noexcept {
    return wall_time(std::chrono::floor<duration>(at.time_since_epoch()));
}

duration after_admission(verification_state const& of, store_time at) noexcept {
    return since(of.admitted, at);
}

store_time time_of(note const& of, verification_state const& at, store_time now) noexcept {
    return std::max(at.admitted, now - std::max(of.ago, duration(0)));
}

/// The oldest that is over, first of those whose send is settled; end() when none is.
auto oldest_ended(number_state& of) {
    auto const is_over = [](verification_state const& each) { return !each.is_live(); };
    auto const is_done = [](verification_state const& each) {
        return !each.is_live() && each.is_settled;
    };
    auto const found = std::ranges::find_if(of.verifications, is_done);
    return found != of.verifications.end() ? found
                                           : std::ranges::find_if(of.verifications, is_over);
}

} // namespace

std::optional<duration> in_flight_for(number_state const& of, std::string_view scope,
                                      store_time now) {
    for (auto const& each : of.verifications)
        if (each.scope == scope && each.lease_end > now) return until(each.lease_end, now);
    return std::nullopt;
}

bool has_place(number_state const& of, std::string_view scope) noexcept {
    auto const keeps_place = [scope](verification_state const& each) {
        return each.is_live() && each.scope != scope;
    };
    auto const kept =
        static_cast<std::size_t>(std::ranges::count_if(of.verifications, keeps_place));
    return kept + codes_max <= verifications_max;
}

std::vector<verification_state*> live_codes_of(number_state& of, std::string_view scope) {
    std::vector<verification_state*> found;
    for (auto& each : of.verifications)
        if (each.is_live() && each.scope == scope) found.push_back(&each);
    return found;
}

void end_code(verification_state& of, progress how, event_kind why, store_time now) {
    of.end(how);
    add_event(of, why, now);
}

void add_verification(number_state& of, admission const& request, store_time now) {
    // Ids are random: none comes twice. Under one that did, nothing else may be found.
    std::erase_if(of.verifications, [&](auto const& each) { return each.id == request.id; });
    verification_state fresh;
    auto const before = live_codes_of(of, request.key.slot);
    std::size_t const kept = request.add ? std::min(before.size(), codes_max - 1) : 0;
    for (std::size_t n = 0; n < before.size(); ++n) {
        auto& each = *before[n];
        if (request.add) {
            fresh.attempts = std::max(fresh.attempts, each.attempts);
            fresh.open_attempts = std::max(fresh.open_attempts, each.open_attempts);
        }
        if (n + kept < before.size()) end_code(each, progress::replaced, event_kind::replaced, now);
    }
    while (of.verifications.size() >= verifications_max) {
        auto const oldest = oldest_ended(of);
        if (oldest == of.verifications.end()) break; // has_place() was asked
        of.verifications.erase(oldest);
    }
    fresh.id = request.id;
    fresh.scope = request.key.slot;
    fresh.admitted = to_millisecond(now);
    fresh.code_end = fresh.admitted + request.ttl;
    fresh.retained_until = fresh.admitted + request.keep;
    if (request.lease > duration(0)) fresh.lease_end = fresh.admitted + request.lease;
    fresh.code = request.code;
    fresh.events.add(event_kind::admitted, duration(0), request.details);
    of.verifications.push_back(std::move(fresh));
    bound_events(of);
}

void bound_events(number_state& of) {
    std::size_t count = 0;
    for (auto const& each : of.verifications)
        count += each.events.size();
    while (count > number_events_max) {
        auto const oldest = oldest_ended(of);
        if (oldest == of.verifications.end()) return;
        count -= oldest->events.size();
        of.verifications.erase(oldest);
    }
}

// --- events -----------------------------------------------------------------------------------------

bool lists_more(verification_state const& of) noexcept {
    return of.events.size() < events_max;
}

void list_event(verification_state& of, event_kind what, store_time at, std::string_view details) {
    if (lists_more(of)) of.events.add(what, after_admission(of, at), details);
}

void add_event(verification_state& of, event_kind what, store_time at, std::string_view details) {
    if (of.events.size() < all_events_max) of.events.add(what, after_admission(of, at), details);
}

void list_notes(verification_state& of, std::vector<note> const& notes, store_time now) {
    for (auto const& each : notes) {
        if (each.what == event_kind::admitted)
            of.events.change_admission(each.details);
        else
            list_event(of, each.what, time_of(each, of, now), each.details);
    }
}

void add_notes(verification_state& of, std::vector<note> const& notes, store_time now) {
    for (auto const& each : notes)
        add_event(of, each.what, time_of(each, of, now), each.details);
}

verification shown(verification_state const& of, store_time now) {
    verification seen;
    seen.id = of.id;
    seen.slot = of.scope;
    seen.state = of.code_state;
    seen.message = of.message;
    seen.admitted_at = wall_time_of(of.admitted);
    seen.age = since(of.admitted, now);
    if (of.is_live()) seen.expires_in = until(of.code_end, now);
    seen.attempts = of.attempts;
    seen.open_attempts = of.open_attempts;
    if (of.sent) seen.sent = of.sent.get();
    for (auto& each : of.events.all())
        seen.events.push_back(
            event{each.what, wall_time_of(of.admitted + each.after), std::move(each.details)});
    // Notes of a settlement come later than what they tell of.
    std::ranges::stable_sort(seen.events, std::less<>(), &event::at);
    return seen;
}

} // namespace otpd::store::engine
