#pragma once

/// Problem details (RFC 9457): the one form of every error this service answers with.

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
    /// Stable machine word of static storage duration: clients branch on it.
    std::string_view code = "internal_error";
    std::string detail = {};
    /// Empty: the standard phrase of the status, as RFC 9457 4.2.1 asks of `about:blank`.
    std::string title = {};
    /// Sent as Retry-After, at least 1. 429 and 503 always carry one (RFC 6585 4, RFC 9110 15.6.4).
    std::optional<std::chrono::seconds> retry_after = {};
    /// Of a 401: its challenge calls the token invalid (RFC 6750 3.1). Needs to be said only where
    /// the request does not have the token any more.
    bool token_is_wrong = false;
    /// Extension members; they cannot replace the standard ones.
    boost::json::object members = {};
    /// Further fields of the response, such as RateLimit; Retry-After goes above.
    std::vector<header_field> headers = {};
};

/// What everybody hears who does not say who they are, whatever was wrong: a token that is absent,
/// empty, unknown or too large to be read must not be told from another. Its answer has a challenge
/// in WWW-Authenticate (RFC 9110 15.5.2, RFC 6750 3).
[[nodiscard]] problem unauthorized();

/// `application/problem+json` with type, title, status, detail, code and the extension members.
[[nodiscard]] response to_response(problem const& problem);
/// The same with `instance`: the request's id, which the log knows it by.
[[nodiscard]] response to_response(problem const& problem, request const& where);

} // namespace otpd::http
