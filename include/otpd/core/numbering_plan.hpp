#pragma once

/// What the world's numbering plans say of a telephone number: whether it can exist, in which
/// country it is and what kind of line. The knowledge is Google's libphonenumber's.

#include "otpd/core/phone_number.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace otpd {

enum class line_type : std::uint8_t {
    mobile,
    fixed_line,
    fixed_line_or_mobile, ///< the plan does not tell them apart (North America)
    voip,
    toll_free,
    premium_rate,
    shared_cost,
    personal_number,
    pager,
    uan, ///< a company's one number
    voicemail,
    satellite, ///< codes of satellite networks, whatever the plan calls their lines
    unknown    ///< a number is possible there, but the plan knows no range that has it
};
[[nodiscard]] std::string_view to_string(line_type) noexcept;
/// Nothing when it is none of to_string()'s words.
[[nodiscard]] std::optional<line_type> parse_line_type(std::string_view word) noexcept;

/// ISO 3166-1 alpha-2 in upper case; "001" for codes that belong to no country.
using country_code = std::string;

struct line {
    country_code country;
    line_type type = line_type::unknown;
};

/// May be used from any thread. The first one that is made loads the plans (some ten milliseconds).
class numbering_plan {
public:
    numbering_plan();
    ~numbering_plan();
    numbering_plan(numbering_plan const&) = delete;
    numbering_plan& operator=(numbering_plan const&) = delete;

    /// Nothing when no plan has room for such a number, or when the digits are another spelling of
    /// one (a trunk prefix that was left in, an obsolete prefix or country code, a national way to
    /// dial another country's lines): two spellings must never become two identities. Of no known
    /// range, so of type `unknown`, is a number as long as its country's mobiles, which may be of a
    /// range that is younger than the plan; its country is that of its calling code, of those that
    /// share one the main one. Costs some ten microseconds, and more where countries share a code,
    /// the first time in a country, and when the range is not known.
    [[nodiscard]] std::optional<line> find(phone_number const& number) const;

    /// Why find() has found nothing: the digits are another spelling.
    [[nodiscard]] bool is_other_spelling(phone_number const& number) const;

    /// The country of a number that find() has found before; of others it may be any, or empty.
    [[nodiscard]] country_code country_of(phone_number const& number) const;

    /// In the memory of the library that has the plans: which file that is, and so how old they
    /// are, the system knows.
    [[nodiscard]] static void const* data() noexcept;

    /// Whether numbers can be in that country: for checking settings.
    [[nodiscard]] bool knows_country(std::string_view country) const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd
