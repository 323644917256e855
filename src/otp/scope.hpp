#pragma once

/// Which verifications share a live code.

#include "otpd/core/purpose.hpp"
#include "otpd/otp/client.hpp"

#include <string>

namespace otpd::otp {

/// A purpose is printable and a client's name has no colon, so no two pairs are one text.
inline std::string scope_of(client const& client, purpose const& purpose) {
    return client.name + ':' + purpose.name();
}
/// What all scopes of a client begin with.
inline std::string scope_prefix(client const& client) {
    return client.name + ':';
}

} // namespace otpd::otp
