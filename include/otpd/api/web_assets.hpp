// The web pages that otpd serves, embedded at build time (cmake/embed.cmake, web/CMakeLists.txt).
// All data is constant and static: access is thread-safe, never fails and never allocates.
#pragma once

#include <span>
#include <string_view>

namespace otpd::web {

struct asset {
    // The URL path without the leading slash: "docs/index.html".
    std::string_view path;
    // The Content-Type value, with the charset for text.
    std::string_view content_type;
    // The bytes to send. They are in gzip format (RFC 1952) if `gzip` is set.
    std::string_view body;
    bool gzip;
    // A strong entity tag with its quotes (RFC 9110 8.8.3). It depends on the file's content only.
    std::string_view etag;
};

// Returns all embedded files. Each path occurs once.
std::span<asset const> assets() noexcept;

// Returns the file for `path`, or null.
asset const* find(std::string_view path) noexcept;

} // namespace otpd::web
