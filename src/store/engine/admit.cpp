#include "engine/budgets.hpp"
#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/devices.hpp"
#include "engine/escalation.hpp"
#include "engine/guesses.hpp"
#include "engine/journal.hpp"
#include "engine/rate_limits.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

namespace otpd::store::engine {

namespace {

/// Returns the outcome of an earlier admission with the same idempotency key; nothing if there was
/// none.
std::optional<admit_outcome> said_before(states& states, admission const& request, store_time now) {
    auto const key = state::request_state_key(request.idempotency->key);
    auto const& kept = states.record(key);
    if (!kept.is_kept) return std::nullopt;
    if (kept.fingerprint != request.idempotency->fingerprint) return conflicting{};
    if (kept.is_settled) return replayed{kept.text};
    // A clock that was ahead may have written a lease that would not end. Such a lease counts from
    // now.
    auto const latest = now + request.lease;
    if (kept.lease_end > latest + state::clock_tolerance)
        states.change_record(key).lease_end = latest;
    if (now < kept.lease_end) return in_flight{until(kept.lease_end, now)};
    return unsettled{};
}

/// Whether a challenge lets the send pass the conversion guards.
bool has_fresh_challenge(states& states, admission const& request) {
    return request.challenge &&
           !states.record(state::request_state_key(request.challenge->key)).is_kept;
}

void use_challenge(states& states, admission const& request, store_time now) {
    auto& kept = states.change_record(state::request_state_key(request.challenge->key));
    kept.is_kept = true;
    kept.fingerprint = request.id; // so that only the settlement of this send frees it
    kept.lease_end = now;
    kept.retained_until = now + request.challenge->retention;
}

/// Collects what refuses an admission.
class violations {
public:
    violations(states& states, admission const& request, identity const& who, store_time now)
        : in_(states), by_{request.key.number, who.whose}, now_(now) {
        auto const& number = states.number(request.key.number);
        auto const session = who.session(request.key.scope);
        if (request.cooldown.base > duration(0))
            if (auto const wait = pause_of(number, session, request.cooldown, now))
                found.violations.push_back(violation{cooldown_counter, *wait});
        for (auto const& rate_limit_check : request.rate_limit_checks)
            look_at(rate_limit_check);
        for (auto const& reservation : request.reservations)
            look_at(reservation);
        bool const repeats = repeats_a_code(number, request, who, now);
        if (!is_trusted(number, who.whose, repeats) && !has_fresh_challenge(states, request))
            for (auto const& guard : request.guards)
                if (auto against = check_guard(states, guard, now))
                    object(guard.observed, *std::move(against));
        if (auto const wait = out_of_guesses(number, request.guesses, who.whose, now))
            found.violations.push_back(violation{guesses_counter, *wait});
        else if (!found.violations.empty())
            found.own_code_end = own_code_end(number, request, who, now);
    }

    refused found;

private:
    void look_at(rate_limit_check const& check) {
        if (auto const wait = wait_for(in_, by_, check, now_))
            object(check.observed, violation{check.counter, *wait});
    }
    void look_at(reservation const& reservation) {
        auto const taken = taken_from(in_, reservation.budget).value_or(0);
        if (auto const wait = refusal_of(in_, reservation, taken, now_))
            object(reservation.observed, violation{reservation.budget.name, *wait});
    }
    void object(bool observed, violation violation) {
        (observed ? found.observed : found.violations).push_back(std::move(violation));
    }

    states& in_;
    limited by_;
    store_time now_;
};

/// Returns for each limit the time until its whole quota is available again; 0 for limits that are
/// skipped.
std::vector<counter_time> take_limits(states& states, admission const& request, limited const& by,
                                      store_time now) {
    std::vector<counter_time> busy;
    busy.reserve(request.rate_limit_checks.size());
    for (auto const& rate_limit_check : request.rate_limit_checks) {
        bool const left_out =
            !applies_to(by, rate_limit_check) ||
            (rate_limit_check.observed && wait_for(states, by, rate_limit_check, now));
        busy.push_back(left_out ? counter_time(0)
                                : tat_of(states, by, rate_limit_check, now) +
                                      tat_increment(rate_limit_check) - now);
        take(states, by, rate_limit_check, now);
    }
    return busy;
}

/// Counts the send in its guards. One that is trusted, or has a solved challenge, has no bound.
void take_guards(states& states, admission const& request, identity const& who, store_time now) {
    auto& number = states.change_number(request.key.number);
    bool const is_solved = has_fresh_challenge(states, request);
    bool const repeats = repeats_a_code(number, request, who, now);
    bool const is_bounded = !is_solved && !is_trusted(number, who.whose, repeats);
    for (auto const& guard : request.guards)
        count_sent(states, guard, is_bounded, now);
    if (is_solved) use_challenge(states, request, now);
    if (!repeats) count_untyped(number, who.whose);
}

/// Applies an admission that nothing refuses.
admitted apply(states& states, admission const& request, identity const& who, store_time now) {
    admitted done;
    done.resets_in = take_limits(states, request, {request.key.number, who.whose}, now);
    reserve(states, request.reservations, now);
    take_guards(states, request, who, now);
    if (request.idempotency) {
        auto& kept = states.change_record(state::request_state_key(request.idempotency->key));
        kept = {};
        kept.is_kept = true;
        kept.fingerprint = request.idempotency->fingerprint;
        kept.lease_end = now + request.lease;
        kept.retained_until = now + request.idempotency->retention;
    }
    auto& number = states.change_number(request.key.number);
    if (request.cooldown.base > duration(0))
        done.cooldown = begin_pause(number, who.session(request.key.scope), request.cooldown,
                                    to_millisecond(now));
    if (request.plan && request.plan->begins_after > 0)
        count_escalation(number, to_millisecond(now));
    auto const& code = add_verification(number, request, who, now);
    done.at = time_of_event(number.verifications.back(), duration(0));
    done.code = code.seed;
    done.code_end = until(code.end, now);
    if (request.entry) write_entry(states, *request.entry, now);
    return done;
}

admit_outcome admit_send(states& states, admission const& request, store_time now) {
    if (request.idempotency)
        if (auto said = said_before(states, request, now)) return *std::move(said);
    auto const& number = states.number(request.key.number);
    auto const who = identify(number, request.by, request.device);
    violations against(states, request, who, now);
    against.found.is_known = who.is_known();
    if (!against.found.violations.empty()) return std::move(against.found);
    auto const session = who.session(request.key.scope);
    if (auto const wait = in_flight_for(number, session, now)) return in_flight{*wait};
    if (states.room_left() == room::none || !has_place(number, session)) return full{};
    if (request.plan)
        if (auto const tried =
                steps_to_skip(number, session, *request.plan, request.retention, now);
            tried != request.plan->begins_after)
            return begin_after{tried};
    auto done = apply(states, request, who, now);
    done.observed = std::move(against.found.observed);
    done.is_known = who.is_known();
    return done;
}

} // namespace

admit_outcome admit(states& states, admission const& request, store_time now) {
    auto outcome = admit_send(states, request, now);
    write_outbox(states, request.outbox, outcome, now);
    return outcome;
}

} // namespace otpd::store::engine
