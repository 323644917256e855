#pragma once

/// Turns a response into the bytes of an HTTP/1.1 message.

#include "otpd/http/response.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace otpd::http {

enum class persistence : std::uint8_t {
    close,      ///< `Connection: close`
    implied,    ///< HTTP/1.1 keeps connections without saying so
    keep_alive, ///< `Connection: keep-alive`, for HTTP/1.0
};

struct envelope {
    std::string_view request_id;
    std::chrono::steady_clock::duration handling{};
    persistence connection = persistence::implied;
};

/// Replaces `out` by the status line and header section of `response`, empty line included.
/// Content-Length is that of the content also where none will follow (HEAD, RFC 9110 9.3.2); there
/// is none in 204 and 304.
void write_head(response const& response, envelope const& around, std::string& out);

/// Whether a message of this status has content at all.
[[nodiscard]] constexpr bool has_content(unsigned status) noexcept {
    return status != 204 && status != 304;
}

} // namespace otpd::http
