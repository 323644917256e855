#pragma once

/// The scope of a verification: verifications with the same scope share a live code.

#include "otpd/core/purpose.hpp"
#include "otpd/otp/client.hpp"

#include <string>

namespace otpd::otp {

/// A purpose is printable and a client's name contains no colon, so different pairs give different
/// texts.
inline std::string scope_of(client const& client, purpose const& purpose) {
    return client.name + ':' + purpose.name();
}
/// The common prefix of all scopes of a client.
inline std::string scope_prefix(client const& client) {
    return client.name + ':';
}

} // namespace otpd::otp
