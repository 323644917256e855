#pragma once

/// The pause between two sends of a scope. The rule is in otpd/store/limits.hpp.

#include "otpd/store/limits.hpp"
#include "state/number_state.hpp"

#include <optional>
#include <string_view>

namespace otpd::store::engine {

/// How long the scope must still wait; nothing if it need not.
[[nodiscard]] std::optional<duration> pause_of(state::number_state const& state,
                                               std::string_view scope, cooldown_rule const& rule,
                                               store_time now);
/// Starts the pause that follows one more send, and returns it.
duration begin_pause(state::number_state& state, std::string_view scope, cooldown_rule const& rule,
                     store_time now);
/// Takes back a send that did not happen, whose pause ends at `begun_until`.
void take_back_pause(state::number_state& state, std::string_view scope, store_time begun_until,
                     duration back_off, store_time now);
/// Ends the pause after the code was verified.
void end_pause(state::number_state& state, std::string_view scope);
/// Ends the pause of the send at `admitted`, whose message did not arrive. The pause of a later
/// send stays.
void end_pause_of(state::number_state& state, std::string_view scope, store_time admitted);

} // namespace otpd::store::engine
