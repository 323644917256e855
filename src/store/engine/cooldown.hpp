#pragma once

/// The pause between two sends to a number.

#include "otpd/store/charge.hpp"
#include "state/number_state.hpp"

#include <optional>

namespace otpd::store::engine {

/// How long it still lasts; nothing when there is none.
[[nodiscard]] std::optional<duration> pause_of(state::number_state const& of, store_time now);
/// The pause that begins with one more send.
duration begin_pause(state::number_state& of, cooldown_rule const& rule, store_time now);
/// A send was none whose pause ends at `begun_until`.
void take_back_pause(state::number_state& of, store_time begun_until, duration back_off,
                     store_time now);
/// It no longer doubles.
void end_streak(state::number_state& of, store_time now);

} // namespace otpd::store::engine
