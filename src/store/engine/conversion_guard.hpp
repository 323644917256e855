#pragma once

/// Refuses sends for an address, to a prefix or to a country where too few of the sent codes are
/// typed (SMS pumping).
/// The rule is in otpd/store/limits.hpp.

#include "engine/states.hpp"
#include "otpd/store/limits.hpp"

#include <optional>

namespace otpd::store::engine {

/// Returns the violation of one more send, if any.
[[nodiscard]] std::optional<violation> check_guard(states& states, conversion_guard const& rule,
                                                   store_time now);

/// How many codes may go out now; 0 if there is no room.
[[nodiscard]] std::int64_t room_of(states& states, conversion_guard const& rule, store_time now);

/// Counts a send. `is_bounded`: the guard had room for it, and must still have it at the commit.
void count_sent(states& states, conversion_guard const& rule, bool is_bounded, store_time now);
/// Also where nothing was sent. Otherwise the room would depend on when the store deletes what has
/// expired, and on what an instance has seen of others' sends.
void count_typed(states& states, key_hash const& guarded, std::chrono::seconds typing,
                 store_time now);
/// Takes back a send that did not happen, in the period in which it was admitted.
void uncount_sent(states& states, key_hash const& guarded, store_time admitted, store_time now);

} // namespace otpd::store::engine
