#include "limits/destination_check.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace {

template <class List, class T>
bool holds(List const& list, T const& what) {
    return std::ranges::find(list, what) != list.end();
}

template <class List, class T>
bool holds_or_is_empty(List const& list, T const& what) {
    return list.empty() || holds(list, what);
}

} // namespace

destination_check::verdict destination_check::check(phone_number const& to,
                                                    client const& by) const {
    using enum store::override_action;
    std::optional<line> where;
    std::string country;
    if (rules_.checked) {
        where = plan_.find(to);
        country = where ? where->country : plan_.country_of(to);
    }
    auto const is_in = [&](std::vector<destination> const& list) {
        return std::ranges::any_of(
            list, [&](destination const& destination) { return destination.covers(to, country); });
    };
    bool const is_override = has(allow, to, country);
    bool const allowed = is_override || is_in(rules_.allowed);
    if (rules_.checked && !where && !allowed) {
        if (plan_.is_other_spelling(to))
            return {{}, errc::number_other_spelling, "not in its international form"};
        return {{}, errc::number_invalid, "in no numbering plan"};
    }
    auto const denied_by = [&]() -> std::string_view {
        if (has(deny, to, country)) return "override: deny";
        if (where && !allowed && !holds(rules_.line_types, where->type))
            return "numbers.line_types";
        if (!is_override && is_in(rules_.denied)) return "numbers.denied";
        if (!allowed && !holds_or_is_empty(rules_.countries, country)) return "numbers.countries";
        if (!holds_or_is_empty(by.countries, country)) return "countries of the client";
        return {};
    }();
    if (!denied_by.empty()) return {std::move(country), errc::destination_not_allowed, denied_by};
    return {std::move(country), std::nullopt, is_override ? "override: allow" : ""};
}

std::optional<errc> destination_check::check(std::string const& country, client const& by) const {
    bool const is_denied = std::ranges::any_of(
        rules_.denied, [&](destination const& rule) { return rule.text == country; });
    if (is_denied || !holds_or_is_empty(rules_.countries, country) ||
        !holds_or_is_empty(by.countries, country))
        return errc::destination_not_allowed;
    return std::nullopt;
}

} // namespace otpd::otp
