#pragma once

#include "otpd/api/hooks.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/http/request.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace otpd::api {

/// How far a signature's time may be from now: what Standard Webhooks' and ZITADEL's libraries
/// allow.
inline constexpr std::chrono::seconds signature_age_max{300};

/// Returns whether `secret` signed the request as the provider does. Compares in constant time.
[[nodiscard]] bool is_signed(identity_provider provider, secret_string const& secret,
                             http::request const& request, wall_time now);

/// Returns the key of a secret in the notation of Standard Webhooks: "whsec_" and base64, with or
/// without "v1," before it.
[[nodiscard]] std::optional<secret_string> standard_webhooks_key(std::string_view secret);

} // namespace otpd::api
