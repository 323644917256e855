#pragma once

/// Values one after the other in as few bytes as they need, for this process's own memory: what is read is
/// what was written, in the same order, so nothing is checked.

#include "store_time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace otpd::store {

/// Small numbers of either sign become small ones without: 0, -1, 1, -2, ...
[[nodiscard]] constexpr std::uint64_t folded(std::int64_t value) noexcept {
    return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unfolded(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// How a span of time is written: in the largest of these units that it is a whole number of. Most are what
/// a setting says, in seconds, from a moment that is there already.
struct time_unit {
    counter_time one;
    std::uint64_t mark; ///< the lowest two bits
};
inline constexpr std::array time_units{time_unit{std::chrono::seconds(1), 0},
                                       time_unit{std::chrono::milliseconds(1), 1},
                                       time_unit{counter_time(1), 2}};

class packer {
public:
    explicit packer(std::string& to) noexcept : to_(to) {}

    void byte(std::uint8_t value) { to_ += static_cast<char>(value); }
    /// Seven bits a byte, the lowest first.
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U)
            byte(static_cast<std::uint8_t>(value | 0x80U));
        byte(static_cast<std::uint8_t>(value));
    }
    void integer(std::int64_t value) { number(folded(value)); }
    void span(counter_time length) {
        for (auto const& unit : time_units)
            if (length % unit.one == counter_time::zero())
                return number(folded(length / unit.one) << 2U | unit.mark);
    }
    /// Since the one before, the first since the epoch.
    void time(store_time at) {
        span(at - last_);
        last_ = at;
    }
    template <std::size_t Size>
    void bytes(std::array<std::byte, Size> const& value, std::size_t first = Size) {
        to_.append(reinterpret_cast<char const*>(value.data()), first);
    }
    void text(std::string_view value) {
        number(value.size());
        to_ += value;
    }

private:
    std::string& to_;
    store_time last_;
};

class unpacker {
public:
    explicit unpacker(char const* from) noexcept : at_(from) {}

    std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(*at_++); }
    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            auto const next = byte();
            value |= std::uint64_t{next & 0x7fU} << shift;
            if (next < 0x80) return value;
        }
    }
    template <class Int>
    Int number_as() noexcept {
        return static_cast<Int>(number());
    }
    std::int64_t integer() noexcept { return unfolded(number()); }
    counter_time span() noexcept {
        auto const value = number();
        return unfolded(value >> 2U) * time_units[value & 3U].one;
    }
    store_time time() noexcept { return last_ += span(); }
    template <std::size_t Size>
    void bytes(std::array<std::byte, Size>& value, std::size_t first = Size) noexcept {
        std::memcpy(value.data(), at_, first);
        at_ += first;
    }
    /// Stays valid as long as what is read.
    std::string_view text() noexcept {
        auto const size = number();
        std::string_view const value(at_, size);
        at_ += size;
        return value;
    }
    [[nodiscard]] char const* position() const noexcept { return at_; }

private:
    char const* at_;
    store_time last_;
};

} // namespace otpd::store
