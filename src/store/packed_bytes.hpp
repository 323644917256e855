#pragma once

/// Values one after the other in as few bytes as they need, for this process's own memory: what is read is
/// what was written, in the same order, so nothing is checked.

#include "store_time.hpp"

#include <algorithm>
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
/// a setting says, in seconds, from a moment that is there already, and after it.
struct time_unit {
    counter_time one;
    std::uint64_t mark; ///< the lowest two bits
};
inline constexpr std::array time_units{
    time_unit{std::chrono::seconds(1), 0}, time_unit{std::chrono::milliseconds(1), 1},
    time_unit{counter_time(1), 2}, time_unit{counter_time(-1), 3}};

/// The number that a span is written as.
[[nodiscard]] constexpr std::uint64_t as_number(counter_time length) noexcept {
    auto unit = time_units[2];
    if (length < counter_time::zero())
        unit = time_units[3];
    else if (length % time_units[0].one == counter_time::zero())
        unit = time_units[0];
    else if (length % time_units[1].one == counter_time::zero())
        unit = time_units[1];
    return static_cast<std::uint64_t>(length / unit.one) << 2U | unit.mark;
}

/// Of a number, at most.
inline constexpr std::size_t number_size_max = 10;

/// Seven bits a byte, the lowest first; where it ends.
inline char* write_number(char* to, std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7U)
        *to++ = static_cast<char>(value | 0x80U);
    *to++ = static_cast<char>(value);
    return to;
}

class packer {
public:
    /// Writes over what is in `room`, and makes it larger when that is not enough: who keeps it for the next
    /// time has it made larger seldom.
    explicit packer(std::string& room) noexcept
        : room_(room), at_(room.data()), end_(at_ + room.size()) {}

    /// Until the next change of the room.
    [[nodiscard]] std::string_view written() const noexcept { return {room_.data(), size()}; }

    void byte(std::uint8_t value) {
        make_room(1);
        *at_++ = static_cast<char>(value);
    }
    void number(std::uint64_t value) {
        make_room(number_size_max);
        at_ = write_number(at_, value);
    }
    void integer(std::int64_t value) { number(folded(value)); }
    /// Since the one before, the first since the epoch.
    void time(store_time at) {
        number(as_number(at - last_));
        last_ = at;
    }
    /// The next time is written since this one, which the reader has read.
    void count_from(store_time at) noexcept { last_ = at; }
    template <std::size_t Size>
    void bytes(std::array<std::byte, Size> const& value, std::size_t first = Size) {
        plain({reinterpret_cast<char const*>(value.data()), first});
    }
    void text(std::string_view value) {
        number(value.size());
        plain(value);
    }
    /// One whose end the reader finds without being told.
    void plain(std::string_view value) {
        make_room(value.size());
        at_ = std::copy(value.begin(), value.end(), at_);
    }

private:
    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(at_ - room_.data());
    }
    void make_room(std::size_t more) {
        if (static_cast<std::size_t>(end_ - at_) < more) grow(more);
    }
    void grow(std::size_t more) {
        auto const before = size();
        room_.resize(2 * room_.size() + more);
        at_ = room_.data() + before;
        end_ = room_.data() + room_.size();
    }

    std::string& room_;
    char* at_;
    char* end_;
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
        return static_cast<std::int64_t>(value >> 2U) * time_units[value & 3U].one;
    }
    store_time time() noexcept { return last_ += span(); }
    void count_from(store_time at) noexcept { last_ = at; }
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
    void skip(std::size_t size) noexcept { at_ += size; }
    [[nodiscard]] char const* position() const noexcept { return at_; }

private:
    char const* at_;
    store_time last_;
};

} // namespace otpd::store
