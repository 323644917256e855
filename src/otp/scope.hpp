#pragma once

/// The scope of a verification: verifications with the same scope share a live code.

#include "otpd/core/purpose.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/store/verification.hpp"

#include <string>
#include <string_view>

namespace otpd::otp {

/// A purpose is printable and a client's name contains no colon, so different pairs give different
/// texts. `binding` is key_ring::binding_of().
inline std::string scope_of(client const& client, purpose const& purpose,
                            std::string const& binding) {
    auto scope = client.name + ':' + purpose.name();
    if (!binding.empty()) scope.append(1, store::binding_mark).append(binding);
    return scope;
}
/// The common prefix of all scopes of a client.
inline std::string scope_prefix(client const& client) {
    return client.name + ':';
}
/// What policy::scopes calls a purpose of every client. No client has an empty name.
inline std::string scope_of_all_clients(std::string_view purpose) {
    return std::string(":").append(purpose);
}
/// The client's name in a scope.
inline std::string client_of(std::string_view scope) {
    return std::string(scope.substr(0, scope.find(':')));
}
/// The purpose's name in a scope.
inline std::string purpose_of(std::string_view scope) {
    auto const whole = store::unbound(scope);
    return std::string(whole.substr(whole.find(':') + 1));
}

} // namespace otpd::otp
