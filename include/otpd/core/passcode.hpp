#pragma once

/// The code that a person reads in an SMS and types back.

#include "otpd/core/random.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace otpd {

/// 4 to 10 decimal digits, leading zeros included. Wiped when it dies; no output operator.
class passcode {
public:
    static constexpr std::size_t min_length = 4;
    static constexpr std::size_t max_length = 10;

    /// Every code of `length` digits is equally likely. min_length <= length <= max_length.
    static passcode generate(std::size_t length, random_source& random);
    /// What a user typed: ASCII digits only, 1 to max_length of them, else nothing.
    static std::optional<passcode> parse(std::string_view text) noexcept;

    passcode(passcode const&) noexcept = default;
    passcode& operator=(passcode const&) noexcept = default;
    ~passcode();

    [[nodiscard]] std::string_view reveal() const noexcept { return {digits_.data(), length_}; }

private:
    explicit passcode(std::string_view digits) noexcept;

    std::array<char, max_length> digits_{};
    std::size_t length_ = 0;
};

} // namespace otpd
