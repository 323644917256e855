#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/guesses.hpp"
#include "engine/rate_limits.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

using state::guess_kind;
using state::live_code;
using state::verification_state;

/// Compares every code, so that the time taken does not reveal which one is right.
bool is_right(code_list<live_code> const& codes, check const& request) {
    bool right = false;
    for (auto const* each : codes)
        right = request.is_code_of(each->seed) || right;
    return right;
}

wrong count_wrong(number_state& state, code_list<live_code> const& codes, verification_state& asked,
                  check const& request, guess_kind kind, store_time now) {
    std::uint32_t most = 0;
    if (kind == guess_kind::common)
        for (auto* each : codes)
            most = std::max(most, request.attempts_max - each->count_attempt(request.by));
    count_wrong_guess(state, request.guesses, request.by, kind, to_millisecond(now));
    asked.is_guessed = asked.is_guessed || request.id;
    list_event(asked, event_type::wrong, now);
    wrong answer;
    answer.id = asked.id;
    answer.attempts_left = std::min(most, guesses_left(state, request.guesses));
    bound_events(state);
    return answer;
}

/// The verification that a right guess verifies: the one with the id, whichever message held the
/// code, or else the newest one of the requester; nothing if there is none.
verification_state const* owner_of(number_state const& state, check const& request) noexcept {
    if (request.id) return state.find(*request.id);
    verification_state const* newest = nullptr;
    for (auto const& each : state.verifications)
        if (each.is_live() && each.scope == request.key.scope && each.by == request.by)
            newest = &each;
    return newest;
}

verified accept(number_state& state, check const& request, store_time now) {
    verified answer;
    if (auto const* const owner = owner_of(state, request)) {
        answer.id = owner->id;
        answer.age = since(owner->admitted, now);
        if (owner->sent) answer.sent = owner->sent.get();
    }
    for (auto& each : state.verifications) {
        if (!each.is_live() || each.scope != request.key.scope) continue;
        if (each.id == answer.id)
            end_verification(each, progress::verified, event_type::verified, now);
        else
            end_verification(each, progress::replaced, event_type::replaced, now);
    }
    state.drop_unused_codes();
    take_back_guesses(state, request.by);
    end_pause(state, request.key.scope);
    bound_events(state);
    return answer;
}

/// The verification that is guessed: the one with the id, or the newest one of the scope; nothing
/// if it cannot be verified.
verification_state const* asked_for(number_state const& state, check const& request) noexcept {
    verification_state const* found = nullptr;
    for (auto const& each : state.verifications)
        if (each.is_live() && each.scope == request.key.scope &&
            (!request.id || each.id == *request.id))
            found = &each;
    return found;
}

/// Returns why the requester may not guess; nothing if he may.
std::optional<check_outcome> refusal_of(number_state const& state, check const& request,
                                        store_time now) {
    store_time end;
    bool has_attempts = false;
    for (auto const* each : codes_of(state, request.key.scope)) {
        has_attempts = has_attempts || each->attempts_of(request.by) < request.attempts_max;
        end = std::max(end, each->end);
    }
    if (!has_attempts) return exhausted{until(end, now)};
    if (auto const wait = lock_of(state, request.guesses, now)) return locked{*wait};
    return std::nullopt;
}

/// Whether the guess is the first one with its id, which is evaluated whatever others did.
bool has_own_guess(number_state const& state, verification_state const& asked,
                   check const& request) noexcept {
    return request.id && !asked.is_guessed &&
           counted(state, guess_kind::of_id) < request.guesses.of_ids;
}

/// All effects of a guess on the number.
check_outcome guess(states& states, check const& request, store_time now) {
    auto const& seen = states.number(request.key.number);
    auto const* const asked = asked_for(seen, request);
    if (asked == nullptr) return absent{};
    auto refused = refusal_of(seen, request, now);
    auto const kind = refused ? guess_kind::of_id : guess_kind::common;
    if (refused && !has_own_guess(seen, *asked, request)) return *std::move(refused);
    auto const id = asked->id;
    auto& number = states.change_number(request.key.number);
    auto codes = codes_of(number, request.key.scope);
    if (kind == guess_kind::common) {
        auto const used_up = std::ranges::remove_if(codes, [&](live_code const* each) {
            return each->attempts_of(request.by) >= request.attempts_max;
        });
        codes.erase(used_up.begin(), used_up.end());
    }
    if (is_right(codes, request)) return accept(number, request, now);
    return count_wrong(number, codes, *number.find(id), request, kind, now);
}

/// The limits that refuse the guess.
std::vector<violation> unpaid(states& states, check const& request, store_time now) {
    std::vector<violation> found;
    for (auto const& each : request.rate_limit_checks) {
        if (each.observed) continue;
        if (auto const wait = wait_for(states, request.key.number, each, now))
            found.push_back(violation{each.counter, *wait});
    }
    return found;
}

} // namespace

check_outcome check_code(states& states, check const& request, store_time now) {
    bool const open = !request.id;
    if (open) {
        void_future_limits(states, request.key.number, request.rate_limit_checks, now);
        if (auto found = unpaid(states, request, now); !found.empty())
            return refused{std::move(found), {}};
    }
    auto outcome = guess(states, request, now);
    if (open && (std::holds_alternative<absent>(outcome) || std::holds_alternative<wrong>(outcome)))
        for (auto const& each : request.rate_limit_checks)
            take(states, request.key.number, each, now);
    if (std::holds_alternative<verified>(outcome)) {
        if (open) // no cost, but it must not be over a limit
            for (auto const& each : request.rate_limit_checks)
                require(states, request.key.number, each, now);
        for (auto const& each : request.guarded)
            count_typed(states, each, now);
    }
    return outcome;
}

} // namespace otpd::store::engine
