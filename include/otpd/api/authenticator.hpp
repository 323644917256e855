#pragma once

/// Authenticates API clients by bearer token, `API_AUTH_TOKEN` among them.

#include "otpd/core/secret.hpp"
#include "otpd/http/request.hpp"
#include "otpd/otp/client.hpp"

#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

namespace otpd::api {

using token_digest = secret_digest;
using otpd::digest_of;

/// A client and its tokens: two while one replaces the other.
struct credential {
    otp::client profile;
    std::vector<token_digest> tokens;

    /// Settings keys of [[client]].
    template <class Keys>
    static void declare(Keys keys) {
        auto const of_profile = keys.part(&credential::profile);
        of_profile
            .add("name", &otp::client::name, keys.table_name(),
                 "Its name in the log and in limits. With a new name it is another client.")
            .needed("shop");
        keys.add("token_sha256", &credential::tokens, keys.token_digests(),
                 "Hashes of its bearer tokens (printf %s \"$TOKEN\" | sha256sum); two while one "
                 "is being replaced.")
            .needed("9a3fb0e5fbe9cf1de24fa47dd9cb6b1e3bb9f5b6da8cbb1cf1fb4d1ca1e2ff00")
            .hidden();
        otp::client::declare(of_profile);
    }
};

/// A client, and how many tokens it has.
struct known_client {
    otp::client profile;
    std::size_t tokens = 0;
};

/// Immutable and thread-safe.
class authenticator {
public:
    /// A single credential without tokens lets everybody in as that client. The settings allow this
    /// on loopback addresses only. Throws std::invalid_argument when two clients share a token.
    explicit authenticator(std::vector<credential> credentials);
    /// Creates the client `default` with that token. An empty token lets everybody in.
    explicit authenticator(secret_string const& token);

    /// Returns the client whose token the request carries (http::bearer_token), or null. Answer
    /// null with http::unauthorized(), whatever was wrong. The client lives as long as this object.
    /// Tokens are looked up by digest, so timing reveals digests at most (OWASP ASVS 11.2.4).
    [[nodiscard]] otp::client const* identify(http::request const& request) const;

    /// Returns the client of that name, or null. It lives as long as this object.
    [[nodiscard]] otp::client const* find(std::string_view name) const noexcept;

    /// In the order of the credentials.
    [[nodiscard]] std::vector<known_client> clients() const;

private:
    struct known_token {
        token_digest digest;
        otp::client const* of;
    };

    std::deque<otp::client> clients_; ///< a deque never moves its elements
    std::vector<known_token> tokens_; ///< sorted by digest
    otp::client const* everybody_ = nullptr;
};

} // namespace otpd::api
