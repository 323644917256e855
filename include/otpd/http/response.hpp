#pragma once

/// What a handler gives back. The connection adds Date, Content-Length, Connection, X-Request-Id,
/// X-Process-Time-Ms, X-Content-Type-Options and, unless the handler chose one, `Cache-Control:
/// no-store`.

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
    /// Text of static storage duration. Left out of responses that have no body.
    std::string_view content_type = "application/json";
    std::string body = {};
    /// Bytes that outlive the server, such as an embedded file: sent in place of `body`, never
    /// copied.
    std::string_view static_body = {};
    /// A field whose name is not a token, whose value holds a control character, or which is the
    /// connection's to write is left out: nothing a handler puts here can forge another field.
    std::vector<header_field> headers = {};
    /// Ends the connection after this response.
    bool close = false;

    [[nodiscard]] std::string_view content() const noexcept {
        return static_body.empty() ? std::string_view(body) : static_body;
    }
};

/// The standard phrase of a status (RFC 9110 15), for status lines and problem titles.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

} // namespace otpd::http
