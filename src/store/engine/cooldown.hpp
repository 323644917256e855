#pragma once

/// The pause between two sends of a session. The rule is in otpd/store/limits.hpp.

#include "otpd/store/limits.hpp"
#include "state/number_state.hpp"

#include <optional>

namespace otpd::store::engine {

/// How long the session must still wait; nothing if it need not.
[[nodiscard]] std::optional<duration> pause_of(state::number_state const& state,
                                               state::session_key const& session,
                                               cooldown_rule const& rule, store_time now);
/// Starts the pause that follows one more send, and returns it.
duration begin_pause(state::number_state& state, state::session_key const& session,
                     cooldown_rule const& rule, store_time now);
/// Takes back a send that did not happen, whose pause ends at `begun_until`.
void take_back_pause(state::number_state& state, state::session_key const& session,
                     store_time begun_until, duration back_off, store_time now);
/// Ends the pause after the code was verified.
void end_pause(state::number_state& state, state::session_key const& session);
/// Ends the pause of a send whose message did not arrive. The pause of a later send stays.
void end_pause_of(state::number_state& state, state::verification_state const& send);

} // namespace otpd::store::engine
