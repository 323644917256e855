#pragma once

/// Wrong guesses at the codes of a number, and the pauses that they make.

#include "otpd/store/verification.hpp"
#include "state/number_state.hpp"

#include <optional>

namespace otpd::store::engine {

/// How many of a budget may be used: guesses without an id leave its reserve.
[[nodiscard]] std::uint32_t usable(guess_budget const& budget, bool with_id) noexcept;
/// All wrong guesses that are counted.
[[nodiscard]] std::uint32_t counted(state::number_state const& state) noexcept;
/// How long until there are guesses again; nothing when some are left. Waits are not looked at.
[[nodiscard]] std::optional<duration> out_of_guesses(state::number_state const& state,
                                                     guess_budget const& budget, store_time now);
/// How long no guess is evaluated; nothing when one is.
[[nodiscard]] std::optional<duration>
lock_of(state::number_state const& state, guess_budget const& budget, bool with_id, store_time now);
void count_wrong_guess(state::number_state& state, guess_budget const& budget, bool with_id,
                       store_time now);

} // namespace otpd::store::engine
