// Shows an SMS as on a phone, for people who try otpd in a terminal.
#pragma once

#include "bridgexapi_stub/ledger.hpp"

#include <string>

namespace bridgexapi_stub {

// Returns several lines with a trailing line break. Control characters in the text are replaced,
// because it goes to a terminal.
std::string phone_view(sms const& message);

} // namespace bridgexapi_stub
