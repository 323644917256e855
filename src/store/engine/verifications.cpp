#include "engine/verifications.hpp"

#include "engine/states.hpp"

#include <algorithm>
#include <functional>

namespace otpd::store::engine {

using state::number_state;
using state::verification_state;

namespace {

/// Bounds even the events that are always listed.
constexpr std::size_t all_events_max = 2 * events_max;

wall_time wall_time_of(store_time at) noexcept {
    return wall_time(std::chrono::floor<duration>(at.time_since_epoch()));
}

duration after_admission(verification_state const& verification, store_time at) noexcept {
    return since(verification.admitted, at);
}

store_time time_of(note const& note, verification_state const& at, store_time now) noexcept {
    return std::max(at.admitted, now - std::max(note.ago, duration(0)));
}

/// The oldest ended one, preferring those whose send is settled; end() if there is none.
auto oldest_ended(number_state& state) {
    auto const is_over = [](verification_state const& each) { return !each.is_live(); };
    auto const is_done = [](verification_state const& each) {
        return !each.is_live() && each.is_settled;
    };
    auto const found = std::ranges::find_if(state.verifications, is_done);
    return found != state.verifications.end() ? found
                                              : std::ranges::find_if(state.verifications, is_over);
}

} // namespace

std::optional<duration> in_flight_for(number_state const& state, std::string_view scope,
                                      store_time now) {
    for (auto const& each : state.verifications)
        if (each.scope == scope && each.lease_end > now) return until(each.lease_end, now);
    return std::nullopt;
}

bool has_place(number_state const& state, std::string_view scope) noexcept {
    auto const keeps_place = [scope](verification_state const& each) {
        return each.is_live() && each.scope != scope;
    };
    auto const kept =
        static_cast<std::size_t>(std::ranges::count_if(state.verifications, keeps_place));
    return kept + codes_max <= verifications_max;
}

std::vector<verification_state*> live_codes_of(number_state& state, std::string_view scope) {
    std::vector<verification_state*> found;
    for (auto& each : state.verifications)
        if (each.is_live() && each.scope == scope) found.push_back(&each);
    return found;
}

void end_code(verification_state& verification, progress how, event_type why, store_time now) {
    verification.end(how);
    add_event(verification, why, now);
}

void add_verification(number_state& state, admission const& request, store_time now) {
    // Ids are random and never repeat. If one did, nothing else must be found under it.
    std::erase_if(state.verifications, [&](auto const& each) { return each.id == request.id; });
    verification_state fresh;
    auto const before = live_codes_of(state, request.key.scope);
    std::size_t const kept = request.add ? std::min(before.size(), codes_max - 1) : 0;
    for (std::size_t n = 0; n < before.size(); ++n) {
        auto& each = *before[n];
        if (request.add) {
            fresh.attempts = std::max(fresh.attempts, each.attempts);
            fresh.open_attempts = std::max(fresh.open_attempts, each.open_attempts);
        }
        if (n + kept < before.size()) end_code(each, progress::replaced, event_type::replaced, now);
    }
    while (state.verifications.size() >= verifications_max) {
        auto const oldest = oldest_ended(state);
        if (oldest == state.verifications.end()) break; // the caller asked has_place()
        state.verifications.erase(oldest);
    }
    fresh.id = request.id;
    fresh.scope = request.key.scope;
    fresh.admitted = to_millisecond(now);
    fresh.code_end = fresh.admitted + request.ttl;
    fresh.retained_until = fresh.admitted + request.retention;
    if (request.lease > duration(0)) fresh.lease_end = fresh.admitted + request.lease;
    fresh.code = request.code;
    fresh.events.add(event_type::admitted, duration(0), request.details);
    state.verifications.push_back(std::move(fresh));
    bound_events(state);
}

void bound_events(number_state& state) {
    std::size_t count = 0;
    for (auto const& each : state.verifications)
        count += each.events.size();
    while (count > number_events_max) {
        auto const oldest = oldest_ended(state);
        if (oldest == state.verifications.end()) return;
        count -= oldest->events.size();
        state.verifications.erase(oldest);
    }
}

// --- events -------------------------------------------------------------------------------------

bool lists_more(verification_state const& verification) noexcept {
    return verification.events.size() < events_max;
}

void list_event(verification_state& verification, event_type type, store_time at,
                std::string_view details) {
    if (lists_more(verification))
        verification.events.add(type, after_admission(verification, at), details);
}

void add_event(verification_state& verification, event_type type, store_time at,
               std::string_view details) {
    if (verification.events.size() < all_events_max)
        verification.events.add(type, after_admission(verification, at), details);
}

void list_notes(verification_state& verification, std::vector<note> const& notes, store_time now) {
    for (auto const& each : notes) {
        if (each.type == event_type::admitted)
            verification.events.change_admission(each.details);
        else
            list_event(verification, each.type, time_of(each, verification, now), each.details);
    }
}

void add_notes(verification_state& verification, std::vector<note> const& notes, store_time now) {
    for (auto const& each : notes)
        add_event(verification, each.type, time_of(each, verification, now), each.details);
}

verification shown(verification_state const& state, store_time now) {
    verification seen;
    seen.id = state.id;
    seen.scope = state.scope;
    seen.state = state.code_state;
    seen.message = state.message;
    seen.admitted_at = wall_time_of(state.admitted);
    seen.age = since(state.admitted, now);
    if (state.is_live()) seen.expires_in = until(state.code_end, now);
    seen.attempts = state.attempts;
    seen.open_attempts = state.open_attempts;
    if (state.sent) seen.sent = state.sent.get();
    for (auto& each : state.events.all())
        seen.events.push_back(
            event{each.type, wall_time_of(state.admitted + each.after), std::move(each.details)});
    // The notes of a settlement are listed later than they happened.
    std::ranges::stable_sort(seen.events, std::less<>(), &event::at);
    return seen;
}

} // namespace otpd::store::engine
