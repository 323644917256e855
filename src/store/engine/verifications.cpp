#include "engine/verifications.hpp"

#include "engine/states.hpp"

#include <algorithm>
#include <functional>

namespace otpd::store::engine {

using state::find_in;
using state::live_code;
using state::number_state;
using state::session_key;
using state::verification_state;

namespace {

/// Bounds even the events that are always listed.
constexpr std::size_t all_events_max = 2 * events_max;

duration after_admission(verification_state const& verification, store_time at) noexcept {
    return since(verification.admitted, at);
}

store_time time_of(note const& note, verification_state const& at, store_time now) noexcept {
    return std::max(at.admitted, now - std::max(note.ago, duration(0)));
}

/// The oldest ended one that is of interest, preferring those whose send is settled; end() if there
/// is none.
template <class IsOfInterest>
auto oldest_ended(number_state& state, IsOfInterest is_of_interest) {
    auto const is_over = [&](verification_state const& verification_state) {
        return !verification_state.is_live() && is_of_interest(verification_state);
    };
    auto const is_done = [&](verification_state const& verification_state) {
        return is_over(verification_state) && verification_state.is_settled;
    };
    auto const found = std::ranges::find_if(state.verifications, is_done);
    return found != state.verifications.end() ? found
                                              : std::ranges::find_if(state.verifications, is_over);
}

template <class Code, class State>
code_list<Code> find_codes(State& state, session_key const& session) {
    code_list<Code> found;
    for (auto& code : state.codes)
        if (std::ranges::any_of(state.verifications, [&](verification_state const& of) {
                return of.code == code.number && of.session() == session;
            }))
            found.push_back(&code);
    return found;
}

bool is_used_up(live_code const& code, admission const& request, requester const& by) noexcept {
    auto const attempts_max = request.repeat.attempts_max;
    return attempts_max > 0 && code.attempts_of(by) >= attempts_max;
}

bool is_repeated(live_code const& code, std::size_t live, admission const& request,
                 requester const& by, store_time now) {
    auto const& rule = request.repeat;
    bool const has_key = code.seed.key_id == request.code.key_id ||
                         std::ranges::count(rule.other_keys, code.seed.key_id) > 0;
    bool const can_be_typed = code.seed.length == request.code.length;
    return has_key && can_be_typed && now <= code.begun + rule.repeated_for &&
           !(is_used_up(code, request, by) && live < codes_max);
}

std::uint8_t unused_number(number_state const& state) noexcept {
    std::uint8_t number = 1;
    while (find_in(state.codes, &live_code::number, number) != nullptr)
        ++number;
    return number;
}

/// Repeats the newest code of the session, or begins a new one. Returns its number.
std::uint8_t code_to_send(number_state& state, admission const& request, identity const& who,
                          store_time now) {
    auto const at = to_millisecond(now);
    auto const live = codes_of(state, who.session(request.key.scope));
    if (repeats_a_code(state, request, who, now)) {
        auto& code = *live.back();
        code.end =
            std::max(code.end, std::min(at + request.ttl, code.begun + request.repeat.longest));
        return code.number;
    }
    if (live.size() >= codes_max) {
        for (auto& verification : state.verifications)
            if (verification.code == live.front()->number)
                end_verification(verification, progress::replaced, event_type::replaced, now);
        state.drop_unused_codes();
    }
    live_code fresh;
    fresh.number = unused_number(state);
    fresh.seed = request.code;
    fresh.begun = at;
    fresh.end = at + request.ttl;
    state.codes.push_back(fresh);
    return fresh.number;
}

/// Ends the oldest live verification of the session if there is no room for one more.
void end_oldest_open(number_state& state, session_key const& session, store_time now) {
    auto const is_open = [&session](verification_state const& verification_state) {
        return verification_state.is_live() && verification_state.session() == session;
    };
    if (std::ranges::count_if(state.verifications, is_open) < std::ptrdiff_t{open_max}) return;
    end_verification(*std::ranges::find_if(state.verifications, is_open), progress::replaced,
                     event_type::replaced, now);
}

} // namespace

std::optional<duration> in_flight_for(number_state const& state, session_key const& session,
                                      store_time now) {
    for (auto const& verification : state.verifications)
        if (verification.session() == session && verification.lease_end > now)
            return until(verification.lease_end, now);
    return std::nullopt;
}

bool has_place(number_state const& state, session_key const& session) noexcept {
    auto const keeps_place = [&session](verification_state const& verification_state) {
        return verification_state.is_live() && verification_state.whose == session.whose &&
               verification_state.scope != session.scope;
    };
    auto const kept =
        static_cast<std::size_t>(std::ranges::count_if(state.verifications, keeps_place));
    return kept + open_max <= verifications_max;
}

duration own_code_end(number_state const& state, admission const& request, identity const& who,
                      store_time now) {
    auto const codes = codes_of(state, who.session(request.key.scope));
    auto const is_own = [&](live_code const* code) {
        return !is_used_up(*code, request, who.by) &&
               std::ranges::any_of(
                   state.verifications, [&](verification_state const& verification) {
                       return verification.code == code->number && verification.by == who.by;
                   });
    };
    auto const newest = std::find_if(codes.rbegin(), codes.rend(), is_own);
    return newest == codes.rend() ? duration(0) : until((*newest)->end, now);
}

bool repeats_a_code(number_state const& state, admission const& request, identity const& who,
                    store_time now) {
    auto const live = codes_of(state, who.session(request.key.scope));
    return !live.empty() &&
           is_repeated(*live.back(), live.size(), request, who.by, to_millisecond(now));
}

bool has_code_alone(number_state const& state, verification_state const& verification) noexcept {
    return std::ranges::count(state.verifications, verification.code, &verification_state::code) ==
           1;
}

code_list<live_code> codes_of(number_state& state, session_key const& session) {
    return find_codes<live_code>(state, session);
}
code_list<live_code const> codes_of(number_state const& state, session_key const& session) {
    return find_codes<live_code const>(state, session);
}

void end_verification(verification_state& verification, progress how, event_type why,
                      store_time now) {
    verification.end(how);
    add_event(verification, why, now);
}

live_code const& add_verification(number_state& state, admission const& request,
                                  identity const& who, store_time now) {
    // Ids are random and never repeat. If one did, nothing else must be found under it.
    std::erase_if(state.verifications,
                  [&](auto const& verification) { return verification.id == request.id; });
    state.drop_unused_codes();
    auto const number = code_to_send(state, request, who, now);
    end_oldest_open(state, who.session(request.key.scope), now);
    auto const is_of_class = [&who](auto const& entry) { return entry.whose == who.whose; };
    while (std::ranges::count_if(state.verifications, is_of_class) >=
           std::ptrdiff_t{verifications_max}) {
        auto const oldest = oldest_ended(state, is_of_class);
        if (oldest == state.verifications.end()) break; // the caller asked has_place()
        state.verifications.erase(oldest);
    }
    verification_state fresh;
    fresh.id = request.id;
    fresh.scope = request.key.scope;
    fresh.admitted = to_millisecond(now);
    fresh.retained_until = fresh.admitted + request.retention;
    if (request.lease > duration(0)) fresh.lease_end = fresh.admitted + request.lease;
    fresh.code = number;
    fresh.by = who.by;
    fresh.whose = who.whose;
    fresh.device = request.device;
    fresh.reference = request.reference;
    if (request.plan) fresh.taken = request.plan->taken;
    fresh.events.add(event_type::admitted, duration(0), request.details);
    state.verifications.push_back(std::move(fresh));
    state.drop_unused_codes();
    bound_events(state);
    auto const& code = state.code_of(state.verifications.back());
    // All verifications with this code can be queried as long as it can be verified.
    for (auto& verification : state.verifications)
        if (verification.code == number)
            verification.retained_until = std::max(verification.retained_until, code.end);
    return code;
}

void bound_events(number_state& state) {
    std::size_t count = 0;
    for (auto const& verification : state.verifications)
        count += verification.events.size();
    while (count > number_events_max) {
        auto const oldest = oldest_ended(state, [](auto const&) { return true; });
        if (oldest == state.verifications.end()) return;
        count -= oldest->events.size();
        state.verifications.erase(oldest);
    }
}

void keep_until_known(verification_state& verification, settlement const& request, store_time now) {
    if (!request.entry) return;
    verification.retained_until =
        std::max(verification.retained_until, to_millisecond(now) + request.entry->retention);
}

// --- events -------------------------------------------------------------------------------------

wall_time time_of_event(verification_state const& verification, duration after) noexcept {
    auto const at = verification.admitted + after;
    return wall_time(std::chrono::floor<duration>(at.time_since_epoch()));
}

wall_time time_of_event(verification_state const& verification, store_time now) noexcept {
    return time_of_event(verification, after_admission(verification, now));
}

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
    for (auto const& note : notes) {
        if (note.type == event_type::admitted)
            verification.events.change_admission(note.details);
        else
            list_event(verification, note.type, time_of(note, verification, now), note.details);
    }
}

void add_notes(verification_state& verification, std::vector<note> const& notes, store_time now) {
    for (auto const& note : notes)
        add_event(verification, note.type, time_of(note, verification, now), note.details);
}

verification shown(number_state const& number, verification_state const& state, store_time now) {
    verification seen;
    seen.id = state.id;
    seen.scope = state.scope;
    seen.state = state.code_state;
    seen.message = state.delivered();
    seen.admitted_at = time_of_event(state, duration(0));
    seen.age = since(state.admitted, now);
    if (state.is_live()) {
        auto const& code = number.code_of(state);
        seen.expires_in = until(code.end, now);
        seen.attempts = code.attempts_of(state.by);
    }
    seen.reference = state.reference;
    if (state.sent) seen.sent = state.sent.get();
    if (state.hedge && state.hedge->sent) seen.hedged = state.hedge->sent.get();
    for (auto& entry : state.events.all())
        seen.events.push_back(
            event{entry.type, time_of_event(state, entry.after), std::move(entry.details)});
    // The notes of a settlement are listed later than they happened.
    std::ranges::stable_sort(seen.events, std::less<>(), &event::at);
    return seen;
}

} // namespace otpd::store::engine
