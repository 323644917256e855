#include "otpd/core/random.hpp"

#include <openssl/rand.h>

#include <array>
#include <bit>
#include <cassert>
#include <limits>
#include <stdexcept>

namespace otpd {

std::uint64_t random_source::below(std::uint64_t bound) {
    assert(bound > 0);
    // The largest multiple of `bound` that 64 bits hold: values at or above it would make the first
    // few results likelier. A draw is rejected with probability under bound / 2^64.
    constexpr auto top = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t const limit = top - top % bound;
    for (;;) {
        std::array<std::byte, sizeof(std::uint64_t)> bytes;
        fill(bytes);
        auto const value = std::bit_cast<std::uint64_t>(bytes);
        if (value < limit) return value % bound;
    }
}

void openssl_random::fill(std::span<std::byte> out) {
    if (out.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw std::length_error("too many random bytes asked for at once");
    auto* const data = reinterpret_cast<unsigned char*>(out.data());
    if (RAND_bytes(data, static_cast<int>(out.size())) != 1)
        throw std::runtime_error("OpenSSL has no randomness to give");
}

} // namespace otpd
