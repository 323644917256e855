#pragma once

/// Money: sums of a period, each under a key of its own.

#include "engine/states.hpp"
#include "otpd/store/budget.hpp"

#include <optional>
#include <vector>

namespace otpd::store::engine {

/// What was taken from it; nothing when it is not kept.
[[nodiscard]] std::optional<std::int64_t> taken_from(states& states, budget_key const& budget);

/// How long a reservation is refused when so much was taken before it; nothing when it is admitted.
[[nodiscard]] std::optional<duration> refusal_of(states& states, reservation const& reservation,
                                                 std::int64_t taken, store_time now);

void reserve(states& states, std::vector<reservation> const& amounts, store_time now);

/// Of budgets that are kept. A sum never goes below nothing.
void adjust(states& states, std::vector<adjustment> const& changes, store_time now);

/// A sum after a change.
[[nodiscard]] std::int64_t changed_by(std::int64_t taken, std::int64_t change) noexcept;

} // namespace otpd::store::engine
