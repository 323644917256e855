#pragma once

/// The numbers that may be sent to. Plain data: the operator's settings, already validated.

#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace otpd::otp {

/// A country (two upper-case letters), or the leading digits of numbers, up to a whole number.
struct destination {
    std::string text;

    [[nodiscard]] bool is_country() const noexcept {
        return !text.empty() && (text.front() < '0' || text.front() > '9');
    }
    [[nodiscard]] bool covers(phone_number const& number, std::string const& country) const {
        return is_country() ? text == country : number.digits().starts_with(text);
    }

    friend bool operator==(destination const&, destination const&) = default;
};

struct destination_rules {
    bool checked = true; ///< by the numbering plan; otherwise any 10 to 15 digits are accepted
    std::vector<std::string> countries; ///< upper case; empty: all
    std::vector<line_type> line_types{
        line_type::mobile, line_type::fixed_line, line_type::fixed_line_or_mobile,
        line_type::voip,   line_type::toll_free,  line_type::personal_number,
        line_type::uan,    line_type::unknown};
    /// Leading digits that are allowed regardless of `checked`, `line_types` and `countries`.
    /// `denied` still applies.
    std::vector<destination> allowed;
    std::vector<destination> denied;  ///< never sent to
    std::vector<destination> trusted; ///< exempt from the conversion guard; limits still apply

    /// Settings keys of [numbers].
    template <class Keys>
    static void declare(Keys keys) {
        using o = destination_rules;
        keys.flag("check", &o::checked,
                  "Whether to refuse numbers that are in no country's numbering plan, and kinds of "
                  "lines that line_types lacks.");
        keys.add("countries", &o::countries, keys.countries(),
                 "Countries that otpd sends to; empty: all.");
        keys.add("line_types", &o::line_types, keys.line_types(),
                 "Kinds of lines that otpd sends to; unknown: numbers in ranges that may be "
                 "newer than the numbering plans.");
        keys.add("allowed", &o::allowed, keys.prefixes(),
                 "First digits of numbers that otpd sends to, whatever the plan, line_types "
                 "and countries say. denied and a client's countries still apply.");
        keys.add("denied", &o::denied, keys.destinations(),
                 "Destinations that otpd never sends to.");
        keys.add("trusted", &o::trusted, keys.destinations(),
                 "Destinations that are exempt from the conversion guard; limits still apply.");
    }
};

/// A number that gets no SMS and always the same code, for app reviewers and monitoring. The guess
/// limits apply.
struct test_number {
    phone_number number;
    passcode code;               ///< of policy::code_length digits
    std::chrono::sys_days until; ///< the last day, in UTC; afterwards it is an ordinary number
};

} // namespace otpd::otp
