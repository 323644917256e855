#pragma once

/// Request ids connect a response with its log lines and the client's own log.

#include <string>
#include <string_view>

namespace otpd::http {

/// Whether `text` is 1 to 64 characters of [A-Za-z0-9._-], which are safe in a header, a log line
/// and a URI.
[[nodiscard]] bool is_valid_request_id(std::string_view text) noexcept;

/// Writes an id of 128 random bits in hexadecimal to `out`. Any thread.
void make_request_id(std::string& out);

} // namespace otpd::http
