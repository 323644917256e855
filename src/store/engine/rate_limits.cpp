#include "engine/rate_limits.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

/// The latest that a check can have written by now.
store_time latest(charge const& check, store_time now) noexcept {
    return now + check.window + state::clock_tolerance;
}

/// Whose counts are in a shared state may find them there a while after they say nothing.
constexpr counter_time retention_spare = std::chrono::minutes(1);

bool is_of_number(number_key const& number, charge const& check) noexcept {
    return check.subject == number;
}

/// As it is kept.
store_time kept(states& in, number_key const& number, charge const& check) {
    if (is_of_number(number, check)) {
        auto const* const found = in.number(number).find_limit(check.counter);
        return found == nullptr ? store_time() : found->tat;
    }
    auto const& state = in.shared(state::limit_state_key(check.subject));
    return store_time(counter_time(state.value(check.counter)));
}

addition addition_of(charge const& check, store_time floor, counter_time delta, store_time now) {
    addition what;
    what.field = check.counter;
    what.floor = ticks(floor);
    what.delta = delta.count();
    what.ceiling = ticks(latest(check, now));
    what.retained_until = now + check.window + retention_spare;
    return what;
}

void set_limit(number_state& state, std::string const& name, store_time tat, store_time now) {
    auto* const found = state.find_limit(name);
    if (tat <= now) {
        if (found != nullptr)
            state.limits.erase(state.limits.begin() + (found - state.limits.data()));
    } else if (found != nullptr) {
        found->tat = tat;
    } else {
        state.limits.push_back({name, tat});
    }
}

} // namespace

store_time busy_until(states& in, number_key const& number, charge const& check, store_time now) {
    auto const tat = kept(in, number, check);
    return tat > latest(check, now) ? now : std::max(tat, now);
}

std::optional<duration> wait_for(states& in, number_key const& number, charge const& check,
                                 store_time now) {
    auto const passes_at = busy_until(in, number, check, now) + cost(check) - check.window;
    if (passes_at <= now) return std::nullopt;
    return until(passes_at, now);
}

void take(states& in, number_key const& number, charge const& check, store_time now) {
    if (is_of_number(number, check)) {
        if (check.observed && wait_for(in, number, check, now)) return;
        auto const tat = busy_until(in, number, check, now) + cost(check);
        set_limit(in.change_number(number), check.counter, tat, now);
        return;
    }
    auto what = addition_of(check, now, cost(check), now);
    what.bound = ticks(now + check.window);
    what.skips_when_over = check.observed;
    in.add(state::limit_state_key(check.subject), what);
}

void require(states& in, number_key const& number, charge const& check, store_time now) {
    if (is_of_number(number, check) || check.observed) return;
    auto what = addition_of(check, now, counter_time(0), now);
    what.bound = ticks(now + check.window - cost(check));
    in.add(state::limit_state_key(check.subject), what);
}

void give_back(states& in, number_key const& number, charge const& check, store_time now) {
    if (is_of_number(number, check)) {
        if (busy_until(in, number, check, now) == now) return;
        auto const tat = busy_until(in, number, check, now) - cost(check);
        set_limit(in.change_number(number), check.counter, tat, now);
        return;
    }
    if (in.shared(state::limit_state_key(check.subject)).find(check.counter) == nullptr) return;
    // Never before now: what is given back is never more than there was.
    in.add(state::limit_state_key(check.subject),
           addition_of(check, now + cost(check), -cost(check), now));
}

void void_future_limits(states& in, number_key const& number, std::vector<charge> const& checks,
                        store_time now) {
    for (auto const& each : checks) {
        if (kept(in, number, each) <= latest(each, now)) continue;
        if (is_of_number(number, each))
            set_limit(in.change_number(number), each.counter, now, now);
        else
            in.add(state::limit_state_key(each.subject),
                   addition_of(each, now, counter_time(0), now));
    }
}

} // namespace otpd::store::engine
