#pragma once

/// The stored form of a number state.

#include "state/blob.hpp"
#include "state/number_state.hpp"

#include <string>
#include <string_view>

namespace otpd::store::state {

/// Appends the state, under that version.
void encode(std::string& to, number_state const& state, version written);

/// Nothing of what `into` held stays but its memory. False when the bytes are no number state, or
/// one of a format that this program does not know; `into` is empty then. They have to stay as long
/// as the state: see verification_state.
[[nodiscard]] bool decode(std::string_view blob, number_state& into);

/// How many codes of a stored number state can be verified at that time.
[[nodiscard]] live_codes live_codes_in(std::string_view blob, store_time now);

} // namespace otpd::store::state
