#pragma once

/// A followed message as text, for the journal.

#include "otpd/otp/delivery.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otpd::otp {

/// Contains the number if the outcome is unknown, so it must be sealed. Without the id of the
/// verification, which the entry has. `now`: when `follow_for` begins.
[[nodiscard]] std::string text_of(followed_message const& message, wall_time now);

/// Returns nullopt if the text is none of these. Without verification_event::verification_id.
[[nodiscard]] std::optional<followed_message>
followed_message_of(store::verification_id const& id, std::string_view text, wall_time now);

} // namespace otpd::otp
