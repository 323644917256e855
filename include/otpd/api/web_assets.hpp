// The files of the pages that otpd serves, embedded in the binary at build time (cmake/embed.cmake,
// web/CMakeLists.txt). All of it is constant data with static lifetime: any thread may read it,
// nothing here fails or allocates.
#pragma once

#include <span>
#include <string_view>

namespace otpd::web {

struct asset {
    // Where it is served, without the leading slash: "docs/index.html".
    std::string_view path;
    // As for the Content-Type field, with the charset where it is text.
    std::string_view content_type;
    // The bytes as they are sent: in gzip format (RFC 1952) if `gzip`, the file's own otherwise.
    std::string_view body;
    bool gzip;
    // A strong entity tag with its quotes (RFC 9110 8.8.3). It follows the file's content, so it
    // changes with any build that changes the file and with no other.
    std::string_view etag;
};

// Every embedded file: a dozen, each path once.
std::span<asset const> assets() noexcept;

// The file served at `path`, or null.
asset const* find(std::string_view path) noexcept;

} // namespace otpd::web
