#pragma once

/// The credentials of a request.

#include "otpd/http/request.hpp"

#include <optional>
#include <string_view>

namespace otpd::http {

/// Returns the token of `Authorization: Bearer <token>` (RFC 6750 2.1), a view into the request.
/// The scheme may be in any case, and one or more spaces follow it (RFC 9110 11.1, 11.4). Returns
/// nullopt when no field has this form, or when there are two. The token is never empty. Its
/// characters are not checked, because an unknown token is wrong in any case.
[[nodiscard]] std::optional<std::string_view> bearer_token(request const& request) noexcept;

} // namespace otpd::http
