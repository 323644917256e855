#pragma once

/// Refuses sends to a prefix or a country where the codes that were sent are not typed (SMS
/// pumping): see otpd/store/limits.hpp for the rule.

#include "engine/states.hpp"
#include "otpd/store/limits.hpp"

#include <optional>

namespace otpd::store::engine {

/// What stands against one more send.
[[nodiscard]] std::optional<violation> check_guard(states& states, conversion_guard const& rule,
                                                   store_time now);

void count_sent(states& states, conversion_guard const& rule, store_time now);
/// Nothing where nothing was sent for hours.
void count_typed(states& states, key_hash const& guarded, store_time now);
/// One that was not sent after all.
void uncount_sent(states& states, key_hash const& guarded, store_time now);

} // namespace otpd::store::engine
