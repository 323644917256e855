#pragma once

/// Compact serialization of values, one after the other. A reader trusts nothing: it stays within
/// any bytes that it is given, and reports afterwards whether they were well-formed.

#include "store_time.hpp"

#include <boost/endian/conversion.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace otpd::store::state {

/// Times are counted from 2026-01-01 UTC, so that they are short.
inline constexpr store_time first_time{std::chrono::seconds(1'767'225'600)};

/// The longest span between two times: 142 years. Sums of a few of them do not overflow.
inline constexpr counter_time span_max{std::int64_t{1} << 52U};

/// A span of time is written in the largest of these units that divides it. The lowest two bits
/// name the unit. Most spans are a setting in seconds, counted from a time that is stored already.
inline constexpr std::array<counter_time, 4> span_units{
    std::chrono::seconds(1), std::chrono::milliseconds(1), counter_time(1), counter_time(-1)};

/// The maximum size of a number.
inline constexpr std::size_t number_size_max = 10;

/// Appends values.
class writer {
public:
    explicit writer(std::string& to) noexcept : to_(to) {}

    void byte(std::uint8_t value) { to_ += static_cast<char>(value); }
    /// Seven bits per byte, least significant first.
    void number(std::uint64_t value) {
        if (value < 0x80) return byte(static_cast<std::uint8_t>(value)); // most are
        std::array<char, number_size_max> room{};
        std::size_t size = 0;
        for (; value >= 0x80; value >>= 7U)
            room[size++] = static_cast<char>(value | 0x80U);
        room[size++] = static_cast<char>(value);
        to_.append(room.data(), size);
    }
    /// Small values of either sign are short.
    void integer(std::int64_t value) {
        number(static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63));
    }
    /// 8 bytes, least significant first. Other programs read and change these in place.
    void fixed(std::int64_t value) {
        boost::endian::native_to_little_inplace(value);
        plain({reinterpret_cast<char const*>(&value), sizeof value});
    }
    void span(counter_time length) {
        std::uint64_t unit = 2;
        if (length < counter_time::zero())
            unit = 3;
        else if (length % span_units[0] == counter_time::zero())
            unit = 0;
        else if (length % span_units[1] == counter_time::zero())
            unit = 1;
        number(static_cast<std::uint64_t>(length / span_units[unit]) << 2U | unit);
    }
    void time(store_time at, store_time since) { span(at - since); }
    template <std::size_t Size>
    void bytes(std::array<std::byte, Size> const& value) {
        plain({reinterpret_cast<char const*>(value.data()), Size});
    }
    void text(std::string_view value) {
        number(value.size());
        plain(value);
    }
    /// A text whose end the reader knows.
    void plain(std::string_view value) { to_ += value; }

private:
    std::string& to_;
};

/// After the first value that is missing or malformed, all values are zero or empty and ok() is
/// false.
class reader {
public:
    explicit reader(std::string_view from) noexcept : rest_(from) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    /// Whether everything was read and well-formed.
    [[nodiscard]] bool is_complete() const noexcept { return ok_ && rest_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
    void fail() noexcept {
        ok_ = false;
        rest_ = {};
    }

    std::uint8_t byte() noexcept {
        if (rest_.empty()) {
            fail();
            return 0;
        }
        auto const value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::uint64_t number(std::uint64_t max = std::numeric_limits<std::uint64_t>::max()) noexcept {
        std::uint64_t value = byte();
        if (value >= 0x80) value = longer(value); // few are
        if (value > max) fail();
        return ok_ ? value : 0;
    }
    template <class Int>
    Int number_as() noexcept {
        return static_cast<Int>(number(std::numeric_limits<Int>::max()));
    }
    std::int64_t integer() noexcept {
        auto const value = number();
        return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    }
    std::int64_t fixed() noexcept {
        std::array<std::byte, 8> value{};
        bytes(value);
        return boost::endian::little_to_native(std::bit_cast<std::int64_t>(value));
    }
    counter_time span() noexcept {
        auto const value = number();
        auto const unit = span_units[value & 3U];
        auto const size = unit < counter_time::zero() ? -unit : unit;
        if (value >> 2U > static_cast<std::uint64_t>(span_max / size)) fail();
        return ok_ ? static_cast<std::int64_t>(value >> 2U) * unit : counter_time(0);
    }
    store_time time(store_time since) noexcept { return since + span(); }
    template <std::size_t Size>
    void bytes(std::array<std::byte, Size>& value) noexcept {
        auto const from = plain(Size);
        if (ok_) std::memcpy(value.data(), from.data(), Size);
    }

    // The same interface as writer, so that one function can define the order of the values for
    // both.
    void byte(std::uint8_t& to) noexcept { to = byte(); }
    void number(std::uint32_t& to) noexcept { to = number_as<std::uint32_t>(); }
    void time(store_time& to, store_time since) noexcept { to = time(since); }

    /// Views are valid as long as the bytes that they read.
    std::string_view text() noexcept { return plain(number()); }
    std::string_view plain(std::uint64_t size) noexcept {
        if (size > rest_.size()) fail();
        auto const value = rest_.substr(0, static_cast<std::size_t>(size));
        if (!ok_) return {};
        rest_.remove_prefix(value.size());
        return value;
    }

private:
    /// The number that begins with this byte, which is not its last one.
    std::uint64_t longer(std::uint64_t first) noexcept {
        auto value = first & 0x7fU;
        for (unsigned shift = 7; shift < 64; shift += 7) {
            auto const next = byte();
            std::uint64_t const digits = next & 0x7fU;
            if (shift == 63 && digits > 1) break;
            value |= digits << shift;
            if (next >= 0x80) continue;
            // The last of several digits is never zero, so each value has one form.
            if (digits == 0) break;
            return value;
        }
        fail();
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

} // namespace otpd::store::state
