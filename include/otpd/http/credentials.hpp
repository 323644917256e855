#pragma once

/// What a request shows to say whose it is.

#include "otpd/http/request.hpp"

#include <optional>
#include <string_view>

namespace otpd::http {

/// The token of `Authorization: Bearer <token>` (RFC 6750 2.1): the scheme in whatever case, and
/// behind it one or more spaces (RFC 9110 11.1, 11.4). Never empty; nothing without a field of that
/// form, or with two. What a token may consist of is not looked at: one that nobody has is wrong in
/// any case. A view into the request.
[[nodiscard]] std::optional<std::string_view> bearer_token(request const& request) noexcept;

} // namespace otpd::http
