#pragma once

/// Serializes a response as an HTTP/1.1 message.

#include "otpd/http/response.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace otpd::http {

enum class persistence : std::uint8_t {
    close,      ///< `Connection: close`
    implied,    ///< HTTP/1.1 keeps connections open by default
    keep_alive, ///< `Connection: keep-alive`, for HTTP/1.0
};

struct envelope {
    std::string_view request_id;
    std::chrono::steady_clock::duration handling{};
    persistence connection = persistence::implied;
};

/// Replaces `out` with the status line and header section of `response`, including the empty line.
/// Content-Length is the size of the content even if none follows (HEAD, RFC 9110 9.3.2); 204 and
/// 304 have none.
void write_head(response const& response, envelope const& around, std::string& out);

/// Whether a message with this status can have content.
[[nodiscard]] constexpr bool has_content(unsigned status) noexcept {
    return status != 204 && status != 304;
}

} // namespace otpd::http
