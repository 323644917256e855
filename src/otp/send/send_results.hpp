#pragma once

/// The answer to the caller of a send: pure functions of its state.

#include "otpd/otp/policy.hpp"
#include "seconds.hpp"
#include "send/send_state.hpp"

namespace otpd::otp {

/// Of a send that the store has not admitted.
[[nodiscard]] outcome<sent> answer_of(send_state const& send, store::admit_outcome const& answer,
                                      policy const& rules, wall_time now);
/// Of a send that was transmitted.
[[nodiscard]] outcome<sent> result_of(send_state const& send, policy const& rules, steady_time now);

/// Whether nothing but the taken route's own budget stands against a send.
[[nodiscard]] bool only_route_budget_refuses(store::refused const& answer, policy const& rules);

} // namespace otpd::otp
