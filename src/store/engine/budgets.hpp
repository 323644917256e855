#pragma once

/// Money: the sums of periods, each under its own key.

#include "engine/states.hpp"
#include "otpd/store/budget.hpp"

#include <optional>
#include <vector>

namespace otpd::store::engine {

/// The sum taken from the budget; nothing if it is not stored.
[[nodiscard]] std::optional<std::int64_t> taken_from(states& states, budget_key const& budget);

/// How long a reservation is refused after the sum taken before it; nothing if it is admitted.
[[nodiscard]] std::optional<duration> refusal_of(states& states, reservation const& reservation,
                                                 std::int64_t taken, store_time now);

void reserve(states& states, std::vector<reservation> const& amounts, store_time now);

/// Adjusts stored budgets. A sum never falls below 0.
void adjust(states& states, std::vector<adjustment> const& changes, store_time now);

/// A sum after a change.
[[nodiscard]] std::int64_t changed_by(std::int64_t taken, std::int64_t change) noexcept;

} // namespace otpd::store::engine
