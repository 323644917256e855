#pragma once

/// Who may call: the bearer token of the reference (`API_AUTH_TOKEN`).

#include "otpd/core/secret.hpp"
#include "otpd/http/problem.hpp"
#include "otpd/http/request.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace otpd::api {

/// Immutable; may be used from any thread.
class authenticator {
public:
    /// An empty token lets everybody in (the settings allow that on loopback only).
    explicit authenticator(secret_string const& token);

    /// Nothing when the request's Authorization is exactly `Bearer <token>`, else the 401: the same
    /// bytes whatever was wrong. Takes the same time for every token of one length, right or wrong
    /// (OWASP ASVS 11.2.4).
    [[nodiscard]] std::optional<http::problem> refusal(http::request const& request) const;

private:
    using digest = std::array<std::byte, 32>;
    bool open_;
    digest expected_{}; ///< SHA-256 of the token: compared in place of it, whatever its length
};

} // namespace otpd::api
