#include "engine/budgets.hpp"
#include "engine/conversion_guard.hpp"
#include "engine/cooldown.hpp"
#include "engine/guesses.hpp"
#include "engine/rate_limits.hpp"
#include "engine/steps.hpp"
#include "engine/verifications.hpp"

namespace otpd::store::engine {

namespace {

/// What an earlier admission with the same idempotency key says; nothing when there was none.
std::optional<admit_outcome> said_before(states& in, admission const& request, store_time now) {
    auto const key = state::request_state_key(request.once->key);
    auto const& kept = in.record(key);
    if (!kept.is_kept) return std::nullopt;
    if (kept.fingerprint != request.once->fingerprint) return conflicting{};
    if (kept.is_settled) return replayed{kept.text};
    // A clock that was ahead may have written a lease that would not end: it has begun now.
    auto const latest = now + request.lease;
    if (kept.lease_end > latest + state::clock_tolerance) in.change_record(key).lease_end = latest;
    if (now < kept.lease_end) return in_flight{until(kept.lease_end, now)};
    return unsettled{};
}

/// What stands against an admission.
class violations {
public:
    violations(states& in, admission const& request, store_time now)
        : in_(in), request_(request), now_(now) {
        auto const& number = in.number(request.key.number);
        if (request.cooldown.base > duration(0))
            if (auto const wait = pause_of(number, request.key.slot, request.cooldown, now))
                found.violations.push_back(violation{cooldown_counter, *wait});
        for (auto const& each : request.charges)
            look_at(each);
        for (auto const& each : request.reservations)
            look_at(each);
        for (auto const& each : request.guards)
            if (auto against = check_guard(in, each, now))
                object(each.observed, *std::move(against));
        if (auto const wait = out_of_guesses(number, request.guesses, now))
            found.violations.push_back(violation{guesses_counter, *wait});
    }

    refused found;

private:
    void look_at(charge const& check) {
        if (auto const wait = wait_for(in_, request_.key.number, check, now_))
            object(check.observed, violation{check.counter, *wait});
    }
    void look_at(reservation const& what) {
        auto const taken = taken_from(in_, what.from).value_or(0);
        if (auto const wait = refusal_of(in_, what, taken, now_))
            object(what.observed, violation{what.from.name, *wait});
    }
    void object(bool observed, violation what) {
        (observed ? found.observed : found.violations).push_back(std::move(what));
    }

    states& in_;
    admission const& request_;
    store_time now_;
};

/// How long each limit is busy with it; 0 for those that are left out.
std::vector<counter_time> take_limits(states& in, admission const& request, store_time now) {
    std::vector<counter_time> busy;
    busy.reserve(request.charges.size());
    auto const& number = request.key.number;
    for (auto const& each : request.charges) {
        bool const left_out = each.observed && wait_for(in, number, each, now);
        auto const from = busy_until(in, number, each, now);
        busy.push_back(left_out ? counter_time(0) : from + cost(each) - now);
        take(in, number, each, now);
    }
    return busy;
}

/// Of an admission that nothing stands against.
admitted apply(states& in, admission const& request, store_time now) {
    admitted done;
    done.busy_for = take_limits(in, request, now);
    reserve(in, request.reservations, now);
    for (auto const& each : request.guards)
        count_sent(in, each, now);
    if (request.once) {
        auto& kept = in.change_record(state::request_state_key(request.once->key));
        kept = {};
        kept.is_kept = true;
        kept.fingerprint = request.once->fingerprint;
        kept.lease_end = now + request.lease;
        kept.retained_until = now + request.once->keep;
    }
    auto& number = in.change_number(request.key.number);
    if (request.cooldown.base > duration(0))
        done.cooldown =
            begin_pause(number, request.key.slot, request.cooldown, to_millisecond(now));
    add_verification(number, request, now);
    return done;
}

} // namespace

admit_outcome admit(states& in, admission const& request, store_time now) {
    if (request.once)
        if (auto said = said_before(in, request, now)) return *std::move(said);
    void_future_limits(in, request.key.number, request.charges, now);
    violations against(in, request, now);
    if (!against.found.violations.empty()) return std::move(against.found);
    auto const& number = in.number(request.key.number);
    if (auto const wait = in_flight_for(number, request.key.slot, now)) return in_flight{*wait};
    if (!in.has_room() || !has_place(number, request.key.slot)) return full{};
    auto done = apply(in, request, now);
    done.observed = std::move(against.found.observed);
    return done;
}

} // namespace otpd::store::engine
