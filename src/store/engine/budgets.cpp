#include "engine/budgets.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

/// A clock that was ahead must not delete what was spent.
constexpr counter_time budget_retention_spare = std::chrono::hours(24);

shared_state const& kept(states& in, budget_key const& budget) {
    return in.shared(state::budget_state_key(budget));
}

} // namespace

std::int64_t changed_by(std::int64_t taken, std::int64_t change) noexcept {
    return std::clamp<std::int64_t>(taken + std::clamp(change, -value_max, value_max), 0,
                                    value_max);
}

std::optional<std::int64_t> taken_from(states& in, budget_key const& budget) {
    auto const* const sum = kept(in, budget).find(state::field_name::sum);
    if (sum == nullptr) return std::nullopt;
    return sum->current;
}

std::optional<duration> refusal_of(states& in, reservation const& what, std::int64_t taken,
                                   store_time now) {
    if (what.amount <= what.cap - taken) return std::nullopt;
    auto const end = kept(in, what.from).sum_end;
    return end == store_time() ? std::max(duration(1), what.keep) : until(end, now);
}

void reserve(states& in, std::vector<reservation> const& amounts, store_time now) {
    for (auto const& each : amounts) {
        structure needed;
        needed.sum_end = now + each.keep;
        auto const end = kept(in, each.from).sum_end;
        addition what;
        what.field = state::field_name::sum;
        what.delta = std::min(each.amount, value_max);
        what.bound = each.observed ? value_max : std::min(each.cap, value_max);
        what.retained_until = (end == store_time() ? needed.sum_end : end) + budget_retention_spare;
        in.add(state::budget_state_key(each.from), what, needed);
    }
}

void adjust(states& in, std::vector<adjustment> const& changes, store_time now) {
    for (auto const& each : changes) {
        auto const sum = taken_from(in, each.of);
        if (!sum || each.change == 0) continue;
        addition what;
        what.field = state::field_name::sum;
        what.floor = each.change < 0 ? std::min(-std::max(each.change, -value_max), value_max) : 0;
        what.delta = std::clamp(each.change, -value_max, value_max - *sum);
        what.retained_until = std::max(now, kept(in, each.of).sum_end) + budget_retention_spare;
        in.add(state::budget_state_key(each.of), what);
    }
}

} // namespace otpd::store::engine
