#pragma once

/// Who may call: the clients' bearer tokens, the reference's one (`API_AUTH_TOKEN`) among them.

#include "otpd/core/secret.hpp"
#include "otpd/http/request.hpp"
#include "otpd/otp/client.hpp"

#include <deque>
#include <string_view>
#include <vector>

namespace otpd::api {

using token_digest = secret_digest;
using otpd::digest_of;

/// A client and what it may show: two tokens while one replaces the other.
struct credential {
    otp::client profile;
    std::vector<token_digest> tokens;
};

/// Immutable; may be used from any thread.
class authenticator {
public:
    /// With one credential that has no tokens, everybody is that client (the settings allow that on
    /// loopback only). Throws std::invalid_argument when two share a token.
    explicit authenticator(std::vector<credential> credentials);
    /// The client `default` with that token; an empty one lets everybody in.
    explicit authenticator(secret_string const& token);

    /// Whose token the request's Authorization is (http::bearer_token); null: nobody's, and
    /// http::unauthorized() is the answer, whatever was wrong. Lives as long as this. Tokens are
    /// looked up by their digest: the time it takes tells of digests at most (OWASP ASVS 11.2.4).
    [[nodiscard]] otp::client const* identify(http::request const& request) const;

private:
    struct known_token {
        token_digest digest;
        otp::client const* of;
    };

    std::deque<otp::client> clients_; ///< never moves its elements
    std::vector<known_token> tokens_; ///< in the order of their digests
    otp::client const* everybody_ = nullptr;
};

} // namespace otpd::api
