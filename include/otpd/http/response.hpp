#pragma once

/// The response of a handler. The connection adds Date, Content-Length, Connection, X-Request-Id,
/// X-Process-Time-Ms, X-Content-Type-Options and, unless the handler sets Cache-Control,
/// `Cache-Control: no-store`.

#include <string>
#include <string_view>
#include <vector>

namespace otpd::http {

struct header_field {
    std::string name;
    std::string value;
};

struct response {
    unsigned status = 200; ///< 200..599
    /// Text of static storage duration. Omitted from responses without a body.
    std::string_view content_type = "application/json";
    std::string body = {};
    /// Bytes that outlive the server, such as an embedded file. They are sent instead of `body`,
    /// without a copy.
    std::string_view static_body = {};
    /// A field is dropped if its name is not a token, if its value contains a control character, or
    /// if the connection writes it. So a handler's value cannot forge another field.
    std::vector<header_field> headers = {};
    /// Closes the connection after this response.
    bool close = false;

    [[nodiscard]] std::string_view content() const noexcept {
        return static_body.empty() ? std::string_view(body) : static_body;
    }
};

/// Returns the standard phrase of a status (RFC 9110 15), for status lines and problem titles.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

} // namespace otpd::http
