#include "limits/destination_check.hpp"

#include <algorithm>

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
    verdict answer;
    auto const is_in = [&](std::vector<destination> const& list) {
        return std::ranges::any_of(
            list, [&](destination const& each) { return each.covers(to, answer.country); });
    };
    bool const allowed = is_in(rules_.allowed); // by its digits only
    if (rules_.checked) {
        auto const where = plan_.find(to);
        if (!where && !allowed) {
            answer.fault =
                plan_.is_other_spelling(to) ? errc::number_other_spelling : errc::number_invalid;
            return answer;
        }
        answer.country = where ? where->country : plan_.country_of(to);
        if (!allowed && !holds(rules_.line_types, where->type)) {
            answer.fault = errc::destination_not_allowed;
            return answer;
        }
    }
    if (is_in(rules_.denied) ||
        (!allowed && !holds_or_is_empty(rules_.countries, answer.country)) ||
        !holds_or_is_empty(by.countries, answer.country))
        answer.fault = errc::destination_not_allowed;
    return answer;
}

std::optional<errc> destination_check::check(std::string const& country, client const& by) const {
    bool const is_denied = std::ranges::any_of(
        rules_.denied, [&](destination const& each) { return each.text == country; });
    if (is_denied || !holds_or_is_empty(rules_.countries, country) ||
        !holds_or_is_empty(by.countries, country))
        return errc::destination_not_allowed;
    return std::nullopt;
}

} // namespace otpd::otp
