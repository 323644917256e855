#pragma once

/// The code that a person reads in an SMS and types back.

#include "otpd/core/random.hpp"

#include <boost/system/result.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace otpd {

enum class passcode_fault {
    not_digits, ///< something other than the digits and separators of passcode::parse_typed
    bad_length
};

/// 4 to 10 decimal digits, leading zeros included. Wiped when it dies; no output operator.
class passcode {
public:
    static constexpr std::size_t min_length = 4;
    static constexpr std::size_t max_length = 10;

    /// Every code of `length` digits is equally likely. min_length <= length <= max_length.
    static passcode generate(std::size_t length, random_source& random);
    /// ASCII digits only, 1 to max_length of them, else nothing.
    static std::optional<passcode> parse(std::string_view text) noexcept;
    /// What a user typed or pasted, of exactly `length` digits. As with phone_number, white space
    /// around it means nothing; nor does one space or one hyphen between two digits, or whether a
    /// keyboard gave ASCII, full-width (U+FF10), Arabic-Indic (U+0660) or extended Arabic-Indic
    /// (U+06F0) digits. All of these are one code, and nothing else is. length <= max_length.
    static boost::system::result<passcode, passcode_fault> parse_typed(std::string_view text,
                                                                       std::size_t length) noexcept;

    passcode(passcode const&) noexcept = default;
    passcode& operator=(passcode const&) noexcept = default;
    ~passcode();

    [[nodiscard]] std::string_view reveal() const noexcept { return {digits_.data(), length_}; }
    /// In a time that tells nothing of either.
    [[nodiscard]] bool is_same_as(passcode const& other) const noexcept;

private:
    explicit passcode(std::string_view digits) noexcept;

    std::array<char, max_length> digits_{};
    std::size_t length_ = 0;
};

/// Needed by boost::system::result: using a fault as a code is a bug.
[[noreturn]] void throw_exception_from_error(passcode_fault, boost::source_location const&);

} // namespace otpd
