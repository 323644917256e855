#pragma once

/// Request methods, as the router distinguishes them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace otpd::http {

enum class method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

inline constexpr std::size_t method_count = 8;

/// Parses the method of a request line; methods are case-sensitive (RFC 9110 9.1). Methods that no
/// route can serve, such as TRACE and CONNECT, are `other`.
[[nodiscard]] constexpr method parse_method(std::string_view text) noexcept {
    constexpr std::array<std::string_view, method_count - 1> names = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (std::size_t i = 0; i < names.size(); ++i)
        if (text == names[i]) return static_cast<method>(i);
    return method::other;
}

[[nodiscard]] constexpr std::string_view to_string(method verb) noexcept {
    constexpr std::array<std::string_view, method_count> names = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"};
    return names[static_cast<std::size_t>(verb)];
}

} // namespace otpd::http
