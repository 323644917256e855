#pragma once

/// Request ids: what ties a response, its log lines and the client's own log together.

#include <string>
#include <string_view>

namespace otpd::http {

/// 1 to 64 characters of [A-Za-z0-9._-]: safe in a header, a log line and a URI.
[[nodiscard]] bool is_valid_request_id(std::string_view text) noexcept;

/// An id of 128 random bits in hexadecimal. Any thread.
void make_request_id(std::string& out);

} // namespace otpd::http
