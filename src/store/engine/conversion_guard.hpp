#pragma once

/// Refuses sends to a prefix or a country where the codes that were sent are not verified (SMS
/// pumping): see otpd/store/charge.hpp for the rule.

#include "engine/states.hpp"
#include "otpd/store/charge.hpp"

#include <optional>

namespace otpd::store::engine {

/// What stands against one more send. A breaker that trips blocks from here on, whatever becomes of
/// the step.
[[nodiscard]] std::optional<violation> check_guard(states& in, watch const& rule, store_time now);

void count_sent(states& in, watch const& rule, store_time now);
void count_verified(states& in, subject_key const& guarded, store_time now);
/// One that was not sent after all.
void uncount_sent(states& in, subject_key const& guarded, store_time now);

} // namespace otpd::store::engine
