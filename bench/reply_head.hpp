#pragma once

/// What bench_load must know of a reply: its status, and where it ends. It does as little as
/// possible, because the generator shares the processors with the server under test.

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace otpd::bench {

/// The head of a complete reply.
struct reply_head {
    unsigned status = 0;
    std::size_t bytes = 0; // of head and body
};

/// None while the head is incomplete; status 0 if this program does not understand it.
inline std::optional<reply_head> read_head(std::string_view received) {
    constexpr std::string_view version = "HTTP/1.1 ";
    constexpr std::string_view end_of_head = "\r\n\r\n";
    constexpr std::string_view length_name = "content-length:";
    auto const end = received.find(end_of_head);
    if (end == std::string_view::npos) return std::nullopt;
    reply_head out;
    auto const head = received.substr(0, end);
    if (!head.starts_with(version)) return out;
    for (auto line = head.find("\r\n"); line != std::string_view::npos;
         line = head.find("\r\n", line + 2)) {
        auto const field = head.substr(line + 2, length_name.size());
        if (!boost::beast::iequals(field, length_name)) continue;
        auto value = head.substr(line + 2 + length_name.size());
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        std::size_t body = 0;
        if (std::from_chars(value.data(), value.data() + value.size(), body).ec != std::errc{})
            return out;
        out.bytes = end + end_of_head.size() + body;
        std::from_chars(head.data() + version.size(), head.data() + head.size(), out.status);
        return out;
    }
    return out;
}

} // namespace otpd::bench
