#pragma once

/// Counts how well routes perform. The rule is in otpd/store/scores.hpp. No addition refuses a
/// step.

#include "engine/states.hpp"
#include "otpd/store/scores.hpp"
#include "otpd/store/verification.hpp"

namespace otpd::store::engine {

/// Counts a send that is being settled for the first time, unless its number gave a sample lately.
void count_send(states& states, state::verification_state& verification, send_score const& score,
                store_time now);
/// Call before the message of the verification changes to `message`.
void count_report(states& states, state::verification_state const& verification, delivery message,
                  report_score const& score, store_time now);
void count_verified(states& states, number_key const& number, verification_id const& id,
                    score_slot const& slot, store_time now);

} // namespace otpd::store::engine
