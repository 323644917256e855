#pragma once

/// The code that a user reads in an SMS and types in.

#include "otpd/core/random.hpp"

#include <boost/system/result.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace otpd {

enum class passcode_fault {
    not_digits, ///< a character other than the digits and separators of passcode::parse_typed
    bad_length  ///< no code has that many
};

/// 4 to 10 decimal digits, including leading zeros. The destructor wipes it; it has no output
/// operator.
class passcode {
public:
    static constexpr std::size_t min_length = 4;
    static constexpr std::size_t max_length = 10;

    /// Returns a uniformly random code. `length` is between min_length and max_length.
    static passcode generate(std::size_t length, random_source& random);
    /// Accepts 1 to max_length ASCII digits, else returns nullopt.
    static std::optional<passcode> parse(std::string_view text) noexcept;
    /// Parses what a user typed or pasted: min_length to max_length digits. Surrounding white space
    /// is ignored, as in phone_number. So is one space or one hyphen between two digits. Digits may
    /// be ASCII, full-width (U+FF10), Arabic-Indic (U+0660) or extended Arabic-Indic (U+06F0).
    /// Nothing else is accepted.
    static boost::system::result<passcode, passcode_fault>
    parse_typed(std::string_view text) noexcept;

    passcode(passcode const&) noexcept = default;
    passcode& operator=(passcode const&) noexcept = default;
    ~passcode();

    [[nodiscard]] std::string_view reveal() const noexcept { return {digits_.data(), length_}; }
    [[nodiscard]] std::size_t size() const noexcept { return length_; }
    /// Compares in constant time.
    [[nodiscard]] bool is_same_as(passcode const& other) const noexcept;

private:
    explicit passcode(std::string_view digits) noexcept;

    std::array<char, max_length> digits_{};
    std::size_t length_ = 0;
};

/// Required by boost::system::result. Using a fault as a code is a bug.
[[noreturn]] void throw_exception_from_error(passcode_fault, boost::source_location const&);

} // namespace otpd
