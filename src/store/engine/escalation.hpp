#pragma once

/// Resends that do not repeat a step of their route plan that failed.

#include "otpd/store/admission.hpp"
#include "state/number_state.hpp"

#include <cstdint>

namespace otpd::store::engine {

/// Returns the step after which the next send of the session must begin; 0: it begins with the
/// first step. A message says nothing once it is older than `known_for`, even if the verification
/// is kept longer, because its outcome is unknown.
[[nodiscard]] std::uint8_t steps_to_skip(state::number_state const& state,
                                         state::session_key const& session,
                                         planned_send const& plan, duration known_for,
                                         store_time now);

/// Counts a send that begins after a step that was tried before.
void count_escalation(state::number_state& state, store_time now);
/// Takes it back, if that send was one.
void uncount_escalation(state::number_state& state, state::verification_state const& send);

} // namespace otpd::store::engine
