#pragma once

/// How much may be spent, for whom and in which period. Plain data: the operator's settings,
/// already validated.

#include "otpd/core/money.hpp"
#include "otpd/otp/limits.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace otpd::otp {

/// Whose spending a budget sums.
enum class budget_key : std::uint8_t { total, client, purpose, route, country };
inline constexpr std::array<std::string_view, 5> budget_key_names{"total", "client", "purpose",
                                                                  "route", "country"};

/// A calendar period in UTC. A budget starts again with each period.
enum class budget_period : std::uint8_t { hour, day, month };
inline constexpr std::array<std::string_view, 3> budget_period_names{"hour", "day", "month"};

struct spending_budget {
    static constexpr std::size_t max_name_length = 32;

    std::string name; ///< 1..max_name_length of [a-z0-9_]; unique among budgets and limits
    budget_key key = budget_key::total;
    budget_period period = budget_period::day;
    money cap;        ///< > 0
    std::string only; ///< the client, purpose, route or country it is for; empty: each has its own
    limit_mode mode = limit_mode::enforce;

    /// Settings keys of [[budget]].
    template <class Keys>
    static void declare(Keys keys) {
        using o = spending_budget;
        keys.add("name", &o::name, keys.plain_name(),
                 "Its name in responses, in the log and in metrics.")
            .needed("shop_spend_1d");
        keys.word("key", &o::key, budget_key_names,
                  "Whose spending is summed: that of all, of each client, of each purpose, ...")
            .needed("client");
        keys.word("period", &o::period, budget_period_names,
                  "Period of the calendar, in UTC; each new period begins at nothing.")
            .needed("day");
        keys.add("cap", &o::cap, keys.price(),
                 "Most that may be spent in a period, in the account's currency.")
            .needed("25");
        keys.add("only", &o::only,
                 keys.text("a client, a purpose, a route id in quotes or a country, as key says; "
                           "not with total",
                           [](std::string_view text) { return !text.empty(); }),
                 "The one client, purpose, route or country that it is for; if unset: each has a "
                 "budget of its own.")
            .like("shop");
        keys.add("mode", &o::mode, keys.mode(),
                 "Whether it refuses requests or, to try it out, only logs and counts them; if "
                 "unset: enforce.")
            .like("enforce");
    }
};

} // namespace otpd::otp
