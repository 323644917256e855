#pragma once

/// Almost well-formed connections, on which parsers disagree: the bytes, the packets, and the end.
/// A seed and a number determine a connection, so that it can be repeated.

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
    std::size_t requests = 0; ///< before the mutation
    /// Some requests are HEAD, whose reply has no body.
    bool may_be_bodyless = false;
};

/// `token` is a valid bearer token; some requests carry it.
[[nodiscard]] attack make_attack(std::uint64_t seed, std::uint64_t number,
                                 std::string const& token);

/// One line with every byte visible.
[[nodiscard]] std::string show(attack const& what);

} // namespace otpd::fuzz
