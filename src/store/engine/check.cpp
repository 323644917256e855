#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/guesses.hpp"
#include "engine/rate_limits.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

using state::verification_state;
using code_list = std::vector<verification_state*>;

/// Compares every code, so that the time taken does not reveal which one is right.
verification_state* find_right(code_list const& codes, check const& request) {
    verification_state* right = nullptr;
    for (auto* each : codes)
        if (request.is_code_of(each->code)) right = each;
    return right;
}

std::uint32_t left_of(std::uint32_t allowed, std::uint32_t used) noexcept {
    return allowed - std::min(used, allowed);
}

wrong count_wrong(number_state& state, code_list const& codes, verification_state& asked,
                  check const& request, store_time now) {
    bool const with_id = request.id.has_value();
    for (auto* each : codes)
        ++(with_id ? each->attempts : each->open_attempts);
    count_wrong_guess(state, request.guesses, with_id, to_millisecond(now));
    list_event(asked, event_type::wrong, now);
    wrong answer;
    answer.id = asked.id;
    answer.attempts_left =
        std::min(left_of(request.attempts_max, with_id ? asked.attempts : asked.open_attempts),
                 left_of(usable(request.guesses, with_id), counted(state)));
    bound_events(state);
    return answer;
}

verified accept(number_state& state, code_list const& codes, verification_state const& right,
                store_time now) {
    verified answer{right.id, {}, since(right.admitted, now)};
    if (right.sent) answer.sent = right.sent.get();
    for (auto* each : codes)
        if (each == &right)
            end_code(*each, progress::verified, event_type::verified, now);
        else
            end_code(*each, progress::replaced, event_type::replaced, now);
    state.guesses.reset();
    end_pause(state, right.scope);
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

/// All effects of a guess on the number.
check_outcome guess(states& states, check const& request, store_time now) {
    bool const with_id = request.id.has_value();
    auto const& seen = states.number(request.key.number);
    auto const* const asked = asked_for(seen, request);
    if (asked == nullptr) return absent{};
    if ((with_id ? asked->attempts : asked->open_attempts) >= request.attempts_max)
        return exhausted{until(asked->code_end, now)};
    if (auto const wait = lock_of(seen, request.guesses, with_id, now)) return locked{*wait};
    auto const id = asked->id;
    auto& number = states.change_number(request.key.number);
    auto const codes = live_codes_of(number, request.key.scope);
    auto const* const right = find_right(codes, request);
    if (right == nullptr) return count_wrong(number, codes, *number.find(id), request, now);
    return accept(number, codes, *right, now);
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
