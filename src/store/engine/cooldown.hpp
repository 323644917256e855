#pragma once

/// The pause between two sends of a scope: see otpd/store/limits.hpp for the rule.

#include "otpd/store/limits.hpp"
#include "state/number_state.hpp"

#include <optional>
#include <string_view>

namespace otpd::store::engine {

/// How long the scope still has to wait; nothing when it has not.
[[nodiscard]] std::optional<duration> pause_of(state::number_state const& state,
                                               std::string_view scope, cooldown_rule const& rule,
                                               store_time now);
/// The pause that begins with one more send.
duration begin_pause(state::number_state& state, std::string_view scope, cooldown_rule const& rule,
                     store_time now);
/// A send was none whose pause ends at `begun_until`.
void take_back_pause(state::number_state& state, std::string_view scope, store_time begun_until,
                     duration back_off, store_time now);
/// The code was verified.
void end_pause(state::number_state& state, std::string_view scope);
/// The message of the send at `admitted` did not arrive: its pause is over, that of a later one is
/// not.
void end_pause_of(state::number_state& state, std::string_view scope, store_time admitted);

} // namespace otpd::store::engine
