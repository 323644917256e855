#pragma once

/// A phone number in the canonical form that all keys, limits and messages use.

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace otpd {

enum class phone_number_fault {
    not_digits,  ///< a character other than ASCII digits, one leading + and surrounding spaces
    bad_length,  ///< not 10..15 digits (BridgeXAPI's bounds; E.164 allows 15 at most)
    leading_zero ///< no country code starts with 0 (ITU-T E.164)
};

/// 10 to 15 ASCII digits, country code first, no plus sign. Immutable.
class phone_number {
public:
    static constexpr std::size_t min_digits = 10;
    static constexpr std::size_t max_digits = 15;

    /// Accepts digits with an optional leading `+` and surrounding white space. Other spellings
    /// (`0031…`, inner spaces, digits of other scripts) are refused, so that one phone never has
    /// two identities.
    static boost::system::result<phone_number, phone_number_fault> parse(std::string_view text);

    [[nodiscard]] std::string const& digits() const noexcept { return digits_; }
    /// Replaces all but the last four digits with `*`. Only this form leaves the process.
    [[nodiscard]] std::string masked() const;

    friend bool operator==(phone_number const&, phone_number const&) = default;

private:
    explicit phone_number(std::string digits) noexcept : digits_(std::move(digits)) {}
    std::string digits_;
};

/// Required by boost::system::result. Using a fault as a number is a bug.
[[noreturn]] void throw_exception_from_error(phone_number_fault, boost::source_location const&);

} // namespace otpd
