#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/devices.hpp"
#include "engine/guesses.hpp"
#include "engine/hedge.hpp"
#include "engine/journal.hpp"
#include "engine/rate_limits.hpp"
#include "engine/scores.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

using state::guess_kind;
using state::live_code;
using state::requester_class;
using state::session_key;
using state::verification_state;

/// What is guessed at, and whose guess it is.
struct target {
    verification_state const* verification = nullptr; ///< nothing: no code is live
    identity guesser;
};

/// Whether the guess has the length of one of the codes. The codes of test numbers have no length
/// here.
bool is_of_a_length(code_list<live_code const> const& codes, check const& request) noexcept {
    return request.length == 0 || std::ranges::any_of(codes, [&](live_code const* code) {
               return code->seed.length == 0 || code->seed.length == request.length;
           });
}

/// Compares every code, so that the time taken does not reveal which one is right.
bool is_right(code_list<live_code> const& codes, check const& request) {
    bool right = false;
    for (auto const* code : codes)
        right = request.is_code_of(code->seed) || right;
    return right;
}

wrong count_wrong(number_state& state, code_list<live_code> const& codes, verification_state& asked,
                  check const& request, identity const& guesser, guess_kind kind, store_time now) {
    std::uint32_t most = 0;
    if (kind != guess_kind::of_id)
        for (auto* code : codes)
            most = std::max(most, request.attempts_max - code->count_attempt(guesser.by));
    count_wrong_guess(state, request.guesses, guesser.by, kind, to_millisecond(now));
    asked.is_guessed = asked.is_guessed || request.id;
    list_event(asked, event_type::wrong, now);
    wrong answer;
    answer.id = asked.id;
    answer.reference = asked.reference;
    answer.is_last = kind != guess_kind::of_id && asked.by == guesser.by &&
                     state.code_of(asked).attempts_of(guesser.by) >= request.attempts_max;
    answer.at = time_of_event(asked, now);
    answer.attempts_left = std::min({most, guesses_left(state, request.guesses, guesser.whose),
                                     failures_left(state, request.guesses, guesser.whose)});
    bound_events(state);
    return answer;
}

/// The verification that a right guess verifies: the one with the id, whichever message held the
/// code, or else the newest one of the requester; nothing if there is none.
verification_state const* owner_of(number_state const& state, check const& request,
                                   identity const& guesser) noexcept {
    if (request.id) return state.find(*request.id);
    auto const session = guesser.session(request.key.scope);
    verification_state const* newest = nullptr;
    for (auto const& verification : state.verifications)
        if (verification.is_live() && verification.session() == session &&
            verification.by == guesser.by)
            newest = &verification;
    return newest;
}

verified accept(number_state& state, check const& request, identity const& guesser, room left,
                store_time now) {
    auto const session = guesser.session(request.key.scope);
    auto const* const owner = owner_of(state, request, guesser);
    count_success(state, request.device, request.id ? owner : nullptr, left, to_millisecond(now));
    verified answer;
    if (owner != nullptr) {
        answer.id = owner->id;
        answer.reference = owner->reference;
        answer.age = since(owner->admitted, now);
        answer.at = time_of_event(*owner, now);
        answer.admission = owner->events.last_details(event_type::admitted);
        if (auto const& sent = arrived(*owner)) answer.sent = sent.get();
    }
    for (auto& verification : state.verifications) {
        if (!verification.is_live() || verification.session() != session) continue;
        if (verification.id == answer.id)
            end_verification(verification, progress::verified, event_type::verified, now);
        else
            end_verification(verification, progress::replaced, event_type::replaced, now);
    }
    state.drop_unused_codes();
    take_back_guesses(state, guesser.by);
    end_pause(state, session);
    bound_events(state);
    return answer;
}

/// The verification that is guessed at: the one with the id, or the newest one; nothing if none of
/// the class can be verified in that scope or, with `of_siblings`, in a sibling.
verification_state const* asked_for(number_state const& state, check const& request,
                                    requester_class whose, bool of_siblings) noexcept {
    std::string_view const scope = request.key.scope;
    verification_state const* found = nullptr;
    for (auto const& verification : state.verifications) {
        bool const is_of_scope = of_siblings ? unbound(verification.scope) == unbound(scope)
                                             : verification.scope == scope;
        if (verification.is_live() && verification.whose == whose && is_of_scope &&
            (!request.id || verification.id == *request.id))
            found = &verification;
    }
    return found;
}

/// A known device guesses at the codes of known devices, and as a stranger where it asks for a code
/// of strangers, or there is no other.
target target_of(number_state const& state, check const& request, identity const& who) noexcept {
    for (bool const of_siblings : {false, true})
        for (auto const& entry : {who, identity{request.by}})
            if (auto const* const asked = asked_for(state, request, entry.whose, of_siblings))
                return {asked, entry};
    return {};
}

/// Returns why the guess is not evaluated; nothing if it is.
std::optional<check_outcome> refusal_of(number_state const& state, check const& request,
                                        identity const& guesser, session_key const& session,
                                        store_time now) {
    store_time end;
    bool has_attempts = false;
    for (auto const* code : codes_of(state, session)) {
        has_attempts = has_attempts || code->attempts_of(guesser.by) < request.attempts_max;
        end = std::max(end, code->end);
    }
    if (!has_attempts) return exhausted{until(end, now)};
    if (auto const wait = lock_of(state, request.guesses, guesser.whose, now)) return locked{*wait};
    return std::nullopt;
}

/// Whether the guess is the first one with a stranger's id, which is evaluated whatever others did.
bool has_own_guess(number_state const& state, verification_state const& asked,
                   check const& request) noexcept {
    return request.id && asked.whose == requester_class::stranger && !asked.is_guessed &&
           counted(state, guess_kind::of_id) < request.guesses.of_ids;
}

/// All effects of a guess on the number.
check_outcome guess(states& states, check const& request, identity const& who, store_time now) {
    auto const& seen = states.number(request.key.number);
    auto const [asked, guesser] = target_of(seen, request, who);
    if (asked == nullptr) return absent{};
    auto const id = asked->id;
    // A copy: the verification moves when the state is changed.
    bool const is_of_scope = asked->scope == request.key.scope;
    auto const sibling = is_of_scope ? std::string() : asked->scope;
    auto const session = guesser.session(is_of_scope ? request.key.scope : sibling);
    if (!is_of_a_length(codes_of(seen, session), request)) return absent{};
    if (auto const wait = failure_lock_of(seen, request.guesses, guesser.whose, now))
        return locked{*wait};
    auto refused = refusal_of(seen, request, guesser, session, now);
    auto const kind = refused ? guess_kind::of_id : kind_of(guesser.whose);
    if (refused && !has_own_guess(seen, *asked, request)) return *std::move(refused);
    auto& number = states.change_number(request.key.number);
    auto codes = codes_of(number, session);
    if (kind != guess_kind::of_id) {
        auto const by = guesser.by;
        auto const used_up = std::ranges::remove_if(codes, [&](live_code const* code) {
            return code->attempts_of(by) >= request.attempts_max;
        });
        codes.erase(used_up.begin(), used_up.end());
    }
    // The comparison takes the same time for a sibling, whose code is never right.
    if (is_right(codes, request) && is_of_scope)
        return accept(number, request, guesser, states.room_left(), now);
    return count_wrong(number, codes, *number.find(id), request, guesser, kind, now);
}

/// The limits that refuse the guess.
std::vector<violation> unpaid(states& states, check const& request, limited const& by,
                              store_time now) {
    std::vector<violation> found;
    for (auto const& rate_limit_check : request.rate_limit_checks) {
        auto const wait = wait_for(states, by, rate_limit_check, now);
        if (wait && !rate_limit_check.observed)
            found.push_back(violation{rate_limit_check.counter, *wait});
    }
    return found;
}

} // namespace

check_outcome check_code(states& states, check const& request, store_time now) {
    bool const open = !request.id;
    auto const who = identify(states.number(request.key.number), request.by, request.device);
    limited const by{request.key.number, who.whose};
    if (open) {
        if (auto found = unpaid(states, request, by, now); !found.empty())
            return refused{std::move(found), {}, {}, who.is_known()};
    }
    auto outcome = guess(states, request, who, now);
    if (auto* const right = std::get_if<verified>(&outcome)) right->is_known = who.is_known();
    if (auto* const off = std::get_if<wrong>(&outcome)) off->is_known = who.is_known();
    bool const is_absent = std::holds_alternative<absent>(outcome);
    if (open && (is_absent || std::holds_alternative<wrong>(outcome)))
        for (auto const& rate_limit_check : request.rate_limit_checks)
            if (!is_absent || rate_limit_check.counts_absent)
                take(states, by, rate_limit_check, now);
    if (auto const* const right = std::get_if<verified>(&outcome)) {
        if (open) // no cost, but it must not be over a limit
            for (auto const& rate_limit_check : request.rate_limit_checks)
                require(states, by, rate_limit_check, now);
        for (auto const& entry : request.guarded)
            count_typed(states, entry, request.typing, now);
        if (request.score && right->id)
            count_verified(states, request.key.number, *right->id, *request.score, now);
    }
    write_outbox(states, request.outbox, outcome, now);
    return outcome;
}

} // namespace otpd::store::engine
