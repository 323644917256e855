#pragma once

/// The body of a webhook message.

#include "otpd/otp/verification_event.hpp"

#include <string>

namespace otpd::webhook {

/// Returns {"type":...,"timestamp":...,"data":{...}}. It is written once and is the same for all
/// attempts. `event` must have a type (type_of).
[[nodiscard]] std::string payload_of(otp::verification_event const& event);

} // namespace otpd::webhook
