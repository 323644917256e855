#pragma once

/// Connections that are almost well-formed, which is where parsers disagree: what is sent on each,
/// in which packets, and how it ends. A connection follows from a seed and its number alone, so
/// that one can be had again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpd::fuzz {

enum class ending : std::uint8_t {
    half_close, ///< nothing more is sent; every reply is read
    close,      ///< closed with replies unread
    reset,      ///< the same, with a reset
};

struct attack {
    std::vector<std::string> packets;
    ending end = ending::half_close;
    std::size_t requests = 0; ///< before they were mutated
    /// Some bytes say HEAD, whose reply has no body.
    bool may_be_bodyless = false;
};

/// `token` is the bearer token that lets a request in; some requests carry it.
[[nodiscard]] attack make_attack(std::uint64_t seed, std::uint64_t number,
                                 std::string const& token);

/// One line, every byte visible.
[[nodiscard]] std::string show(attack const& what);

} // namespace otpd::fuzz
