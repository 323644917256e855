/// Telephone numbers as people type them, and the numbering plans' results for them.

#include "otpd/core/phone_number.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "target.hpp"

#include <string>

using otpd::phone_number;
using otpd::fuzz::must;

OTPD_FUZZ_TARGET(phone_number) {
    static otpd::numbering_plan const plan;
    auto const number = phone_number::parse(bytes);
    if (!number) return;
    auto const& digits = number->digits();
    must(otpd::all_ascii_digits(digits), "a number is ASCII digits");
    must(digits.size() >= phone_number::min_digits && digits.size() <= phone_number::max_digits,
         "a number has 10 to 15 digits");
    must(digits.front() != '0', "a number begins with a country code");
    must(bytes.find(digits) != std::string_view::npos, "a number is what was typed");
    must(*phone_number::parse('+' + digits) == *number, "a number is read as itself");
    auto const masked = number->masked();
    must(masked.size() == digits.size() && masked.find_last_of('*') == digits.size() - 5,
         "all but four digits are masked");
    if (auto const found = plan.find(*number)) {
        must(found->country == plan.country_of(*number), "a number is in one country");
        must(found->country == "001" || plan.knows_country(found->country), "a country is known");
        must(otpd::parse_line_type(to_string(found->type)) == found->type, "a type has a word");
    }
}
