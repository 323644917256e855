#pragma once

/// Wrong guesses at the codes of a number, and the pauses after them. guess_budget has the rule.

#include "otpd/store/verification.hpp"
#include "state/number_state.hpp"

#include <optional>

namespace otpd::store::engine {

/// The sum of the counted wrong guesses of one kind.
[[nodiscard]] std::uint32_t counted(state::number_state const& state,
                                    state::guess_kind kind) noexcept;
/// How many of the common guesses are left.
[[nodiscard]] std::uint32_t guesses_left(state::number_state const& state,
                                         guess_budget const& budget) noexcept;
/// How long until a guess is available again, a common one or one of an id; nothing if one is
/// available. Ignores pauses.
[[nodiscard]] std::optional<duration> out_of_guesses(state::number_state const& state,
                                                     guess_budget const& budget, store_time now);
/// How long no guess is evaluated, except the one that an id has; nothing if one is.
[[nodiscard]] std::optional<duration> lock_of(state::number_state const& state,
                                              guess_budget const& budget, store_time now);
void count_wrong_guess(state::number_state& state, guess_budget const& budget, requester const& by,
                       state::guess_kind kind, store_time now);
/// Removes the wrong guesses of the requester.
void take_back_guesses(state::number_state& state, requester const& by);

} // namespace otpd::store::engine
