#pragma once

/// Wrong guesses at the codes of a number, and the pauses after them.

#include "otpd/store/verification.hpp"
#include "state/number_state.hpp"

#include <optional>

namespace otpd::store::engine {

/// How much of a budget is usable: guesses without an id leave its reserve.
[[nodiscard]] std::uint32_t usable(guess_budget const& budget, bool with_id) noexcept;
/// The sum of all counted wrong guesses.
[[nodiscard]] std::uint32_t counted(state::number_state const& state) noexcept;
/// How long until a guess is available again; nothing if one is available. Ignores pauses.
[[nodiscard]] std::optional<duration> out_of_guesses(state::number_state const& state,
                                                     guess_budget const& budget, store_time now);
/// How long no guess is evaluated; nothing if one is.
[[nodiscard]] std::optional<duration>
lock_of(state::number_state const& state, guess_budget const& budget, bool with_id, store_time now);
void count_wrong_guess(state::number_state& state, guess_budget const& budget, bool with_id,
                       store_time now);

} // namespace otpd::store::engine
