#pragma once

/// Checks phone numbers against the world's numbering plans: whether a number is possible, its
/// country and its line type. The data is that of Google's libphonenumber.

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
    fixed_line_or_mobile, ///< the plan does not distinguish them (North America)
    voip,
    toll_free,
    premium_rate,
    shared_cost,
    personal_number,
    pager,
    uan, ///< a company's single number
    voicemail,
    satellite, ///< any line under the country code of a satellite network
    unknown    ///< a possible number outside all ranges that the plan knows
};
[[nodiscard]] std::string_view to_string(line_type) noexcept;
/// Returns nullopt unless `word` is one of the words of to_string().
[[nodiscard]] std::optional<line_type> parse_line_type(std::string_view word) noexcept;

/// ISO 3166-1 alpha-2 in upper case; "001" for calling codes without a country.
using country_code = std::string;

struct line {
    country_code country;
    line_type type = line_type::unknown;
};

/// Thread-safe. The first instance loads the plans.
class numbering_plan {
public:
    numbering_plan();
    ~numbering_plan();
    numbering_plan(numbering_plan const&) = delete;
    numbering_plan& operator=(numbering_plan const&) = delete;

    /// Returns nullopt when no plan has such a number. It does the same when the digits are another
    /// spelling of a number: with a trunk prefix left in, an obsolete prefix or country code, or a
    /// national way to dial another country. Otherwise one phone would have two identities.
    ///
    /// A number of no known range has type `unknown` if it is as long as a mobile number of its
    /// country, because its range may be newer than the plan. Its country is then the main country
    /// of its calling code.
    ///
    /// A call takes longer where countries share a calling code, on the first call for a country,
    /// and for an unknown range.
    [[nodiscard]] std::optional<line> find(phone_number const& number) const;

    /// Returns whether find() returned nullopt because the digits are another spelling.
    [[nodiscard]] bool is_other_spelling(phone_number const& number) const;

    /// Returns the country of a number that find() accepted. For any other number the result may be
    /// any country, or empty.
    [[nodiscard]] country_code country_of(phone_number const& number) const;

    /// Returns an address in the library that holds the plans. The system can map it to the
    /// library's file, whose date is the age of the plans.
    [[nodiscard]] static void const* data() noexcept;

    /// Returns whether numbers of that country exist; for checking settings.
    [[nodiscard]] bool knows_country(std::string_view country) const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd
