#pragma once

/// Times as text, in UTC of the POSIX clock, without leap seconds. Nothing here uses the C library:
/// with TZ=right/UTC its gmtime() counts leap seconds and is 27 s off.

#include "otpd/core/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace otpd {

/// `2026-03-01T12:34:56.789Z` (RFC 3339).
[[nodiscard]] std::string to_timestamp(wall_time at);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 5.6.7).
[[nodiscard]] std::string to_http_date(std::chrono::sys_seconds at);

/// Parses an HTTP-date: an IMF-fixdate, or one of the obsolete forms `Sunday, 06-Nov-94 08:49:37
/// GMT` and `Sun Nov  6 08:49:37 1994` (RFC 9110 5.6.7). A two-digit year means the latest year
/// that is not more than 50 years after `now`. Returns nullopt for anything else.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                                      std::chrono::sys_seconds now);

} // namespace otpd
