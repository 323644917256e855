#pragma once

/// Problem details (RFC 9457), the format of all error responses.

#include "otpd/http/response.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::http {

class request;

struct problem {
    unsigned status = 500; ///< 400..599
    /// A stable machine-readable word of static storage duration, for clients to branch on.
    std::string_view code = "internal_error";
    std::string detail = {};
    /// Empty: the standard phrase of the status, as RFC 9457 4.2.1 requires for `about:blank`.
    std::string title = {};
    /// Sent as Retry-After, at least 1. Every 429 and 503 carries one (RFC 6585 4, RFC 9110
    /// 15.6.4).
    std::optional<std::chrono::seconds> retry_after = {};
    /// For a 401: the challenge calls the token invalid (RFC 6750 3.1). Set it only when the
    /// request no longer holds the token.
    bool token_is_wrong = false;
    /// Extension members. They cannot replace the standard ones.
    boost::json::object members = {};
    /// Further response fields, such as RateLimit. Retry-After is set above.
    std::vector<header_field> headers = {};
};

/// The response to every unauthenticated request. An absent, empty, unknown or oversized token gets
/// the same response, so that they cannot be distinguished. It has a challenge in WWW-Authenticate
/// (RFC 9110 15.5.2, RFC 6750 3).
[[nodiscard]] problem unauthorized();

/// Returns `application/problem+json` with type, title, status, detail, code and the extension
/// members.
[[nodiscard]] response to_response(problem const& problem);
/// Also sets `instance` to the request id, which the log uses too.
[[nodiscard]] response to_response(problem const& problem, request const& where);

} // namespace otpd::http
