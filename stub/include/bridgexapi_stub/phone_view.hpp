// An SMS as a phone shows it, for people who try otpd out in a terminal.
#pragma once

#include "bridgexapi_stub/ledger.hpp"

#include <string>

namespace bridgexapi_stub {

// Several lines with a trailing line break. Control characters, which a text may hold, are
// replaced: it goes to a terminal.
std::string phone_view(sms const& message);

} // namespace bridgexapi_stub
