#include "engine/budgets.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

/// A clock that was ahead must not delete a sum.
constexpr counter_time budget_retention_spare = std::chrono::hours(24);

shared_state const& kept(states& states, budget_key const& budget) {
    return states.shared(state::budget_state_key(budget));
}

} // namespace

std::int64_t changed_by(std::int64_t taken, std::int64_t change) noexcept {
    return std::clamp<std::int64_t>(taken + std::clamp(change, -value_max, value_max), 0,
                                    value_max);
}

std::optional<std::int64_t> taken_from(states& states, budget_key const& budget) {
    auto const* const sum = kept(states, budget).find(state::field_name::sum);
    if (sum == nullptr) return std::nullopt;
    return sum->current;
}

std::optional<duration> refusal_of(states& states, reservation const& reservation,
                                   std::int64_t taken, store_time now) {
    if (reservation.amount <= reservation.cap - taken) return std::nullopt;
    auto const end = kept(states, reservation.budget).sum_end;
    return end == store_time() ? std::max(duration(1), reservation.retention) : until(end, now);
}

void reserve(states& states, std::vector<reservation> const& amounts, store_time now) {
    for (auto const& amount : amounts) {
        structure needed;
        needed.sum_end = now + amount.retention;
        auto const end = kept(states, amount.budget).sum_end;
        addition addition;
        addition.field = state::field_name::sum;
        addition.delta = std::min(amount.amount, value_max);
        addition.bound = amount.observed ? value_max : std::min(amount.cap, value_max);
        addition.retained_until =
            (end == store_time() ? needed.sum_end : end) + budget_retention_spare;
        states.add(state::budget_state_key(amount.budget), addition, needed);
    }
}

void adjust(states& states, std::vector<adjustment> const& changes, store_time now) {
    for (auto const& change : changes) {
        auto const sum = taken_from(states, change.budget);
        if (!sum || change.change == 0) continue;
        addition addition;
        addition.field = state::field_name::sum;
        addition.floor = -std::clamp<std::int64_t>(change.change, -value_max, 0);
        addition.delta = std::clamp(change.change, -value_max, value_max - *sum);
        addition.retained_until =
            std::max(now, kept(states, change.budget).sum_end) + budget_retention_spare;
        states.add(state::budget_state_key(change.budget), addition);
    }
}

} // namespace otpd::store::engine
