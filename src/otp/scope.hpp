#pragma once

/// The scope of a verification: verifications with the same scope share a live code.

#include "otpd/core/purpose.hpp"
#include "otpd/otp/client.hpp"

#include <string>
#include <string_view>

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
/// What policy::scopes calls a purpose of every client. No client has an empty name.
inline std::string scope_of_all_clients(std::string_view purpose) {
    return std::string(":").append(purpose);
}
/// The purpose's name in a scope.
inline std::string purpose_of(std::string_view scope) {
    return std::string(scope.substr(scope.find(':') + 1));
}

} // namespace otpd::otp
