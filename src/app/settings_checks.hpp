#pragma once

/// What the checks of the tables share.

#include "otpd/app/settings.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace otpd::app {

/// `[[table]] "name"`
[[nodiscard]] std::string named(std::string_view table, std::string const& name);
/// One of the tables, or `default`: whoever has auth.token, and everybody when nobody needs a token.
[[nodiscard]] bool there_is_a_client(settings const& all, std::string const& name);

/// The budget that money.daily_cap is: in answers, in the log and in metrics. Nothing else is
/// called so.
inline constexpr char const* daily_cap_name = "daily_cap";
/// Whether an enforced [[budget]] of key total bounds everything that is spent.
[[nodiscard]] bool has_total_budget(settings const& all);

template <class List, class T>
bool holds(List const& list, T const& what) {
    return std::ranges::find(list, what) != list.end();
}

} // namespace otpd::app
