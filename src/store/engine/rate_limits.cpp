#include "engine/rate_limits.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

/// The latest time that a check can have written by now.
store_time latest(rate_limit_check const& check, store_time now) noexcept {
    return now + check.window + state::clock_tolerance;
}

/// Counts in a shared state stay readable for a while after they expire.
constexpr counter_time retention_spare = std::chrono::minutes(1);

bool is_of_number(limited const& by, rate_limit_check const& check) noexcept {
    return check.key == by.number;
}

/// The name of a limit of the number in its state.
std::string name_of(limited const& by, rate_limit_check const& check) {
    bool const has_other_quota =
        check.of == audience::each_class && by.whose == state::requester_class::known_device;
    return has_other_quota ? check.counter + "/known" : check.counter;
}

/// The stored time.
store_time kept(states& states, limited const& by, rate_limit_check const& check) {
    if (is_of_number(by, check)) {
        auto const* const found = states.number(by.number).find_limit(name_of(by, check));
        return found == nullptr ? store_time() : found->tat;
    }
    auto const& state = states.shared(state::limit_state_key(check.key));
    return store_time(counter_time(state.value(check.counter)));
}

addition addition_of(rate_limit_check const& check, store_time floor, counter_time delta,
                     store_time now) {
    return {.field = check.counter,
            .floor = ticks(floor),
            .delta = delta.count(),
            .ceiling = ticks(latest(check, now)),
            .retained_until = now + check.window + retention_spare};
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

/// Writes the time of a limit whose whole quota is available.
void make_void(states& states, limited const& by, rate_limit_check const& check, store_time now) {
    if (is_of_number(by, check))
        set_limit(states.change_number(by.number), name_of(by, check), now, now);
    else
        states.add(state::limit_state_key(check.key),
                   addition_of(check, now, counter_time(0), now));
}

} // namespace

bool applies_to(limited const& by, rate_limit_check const& check) noexcept {
    return check.of != audience::strangers || by.whose == state::requester_class::stranger;
}

store_time tat_of(states& states, limited const& by, rate_limit_check const& check,
                  store_time now) {
    auto const tat = kept(states, by, check);
    return tat > latest(check, now) ? now : std::max(tat, now);
}

std::optional<duration> wait_for(states& states, limited const& by, rate_limit_check const& check,
                                 store_time now) {
    if (!applies_to(by, check)) return std::nullopt;
    auto tat = kept(states, by, check);
    if (tat > latest(check, now)) {
        make_void(states, by, check, now);
        tat = now;
    }
    auto const passes_at = std::max(tat, now) + tat_increment(check) - check.window;
    if (passes_at <= now) return std::nullopt;
    return until(passes_at, now);
}

void take(states& states, limited const& by, rate_limit_check const& check, store_time now) {
    if (!applies_to(by, check)) return;
    if (is_of_number(by, check)) {
        if (check.observed && wait_for(states, by, check, now)) return;
        auto const tat = tat_of(states, by, check, now) + tat_increment(check);
        set_limit(states.change_number(by.number), name_of(by, check), tat, now);
        return;
    }
    auto what = addition_of(check, now, tat_increment(check), now);
    what.bound = ticks(now + check.window);
    what.skips_when_over = check.observed;
    states.add(state::limit_state_key(check.key), what);
}

void require(states& states, limited const& by, rate_limit_check const& check, store_time now) {
    if (!applies_to(by, check) || is_of_number(by, check) || check.observed) return;
    auto what = addition_of(check, now, counter_time(0), now);
    what.bound = ticks(now + check.window - tat_increment(check));
    states.add(state::limit_state_key(check.key), what);
}

void refund(states& states, limited const& by, rate_limit_check const& check, store_time now) {
    if (!applies_to(by, check)) return;
    if (is_of_number(by, check)) {
        if (kept(states, by, check) <= now) return;
        // What a clock wrote that was ahead is void. It must not count again when time reaches it.
        auto const tat = tat_of(states, by, check, now) - tat_increment(check);
        set_limit(states.change_number(by.number), name_of(by, check), tat, now);
        return;
    }
    if (states.shared(state::limit_state_key(check.key)).find(check.counter) == nullptr) return;
    // Never before `now`: a refund never gives more than was taken.
    states.add(state::limit_state_key(check.key),
               addition_of(check, now + tat_increment(check), -tat_increment(check), now));
}

} // namespace otpd::store::engine
