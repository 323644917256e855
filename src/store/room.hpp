#pragma once

/// What a store still has room for.

#include <cstdint>

namespace otpd::store {

/// Numbers are remembered for months. They get half of the store, so they never keep a code out.
enum class room : std::uint8_t {
    none,
    for_codes, ///< but not for more numbers to remember
    ample
};

[[nodiscard]] constexpr room room_of(std::uint64_t used, std::uint64_t capacity) noexcept {
    if (used >= capacity) return room::none;
    return used < capacity / 2 ? room::ample : room::for_codes;
}

} // namespace otpd::store
