#pragma once

/// Times as text. UTC by the POSIX clock, which counts no leap seconds, whatever TZ says: with
/// TZ=right/UTC the C library's gmtime() counts them and is 27 s off. So nothing here asks the C
/// library.

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

/// An HTTP-date: an IMF-fixdate, or one of the obsolete forms `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994` (RFC 9110 5.6.7). A year of two digits is the last one that is not
/// more than 50 years after `now`. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::sys_seconds>
parse_http_date(std::string_view text, std::chrono::sys_seconds now) noexcept;

} // namespace otpd
