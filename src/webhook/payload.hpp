#pragma once

/// What a webhook's message says.

#include "otpd/otp/verification_event.hpp"

#include <string>

namespace otpd::webhook {

/// {"type":...,"timestamp":...,"data":{...}}: a fact of the past, so it is written once and never
/// changes however often it is sent. `event` has a type (type_of).
[[nodiscard]] std::string payload_of(otp::verification_event const& event);

} // namespace otpd::webhook
