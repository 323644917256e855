#include "otpd/otp/ledger.hpp"

#include "otpd/core/utc.hpp"

#include <array>
#include <limits>

namespace otpd::otp {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;

/// A budget of the operator cannot have this name (app/settings/table_checks.cpp).
constexpr char const* total_name = "ledger";
/// Longer than any month, so that the hours of a month can be added up.
constexpr hours total_retention{33 * 24};
/// How long a sum is kept beyond its period: clocks of instances differ, and sends may be settled
/// late.
constexpr hours keep_margin{1};

std::chrono::year_month_day date_of(wall_time at) {
    return std::chrono::year_month_day(floor<days>(at));
}

wall_time begin_of(budget_period period, wall_time at) {
    switch (period) {
    case budget_period::hour:
        return floor<hours>(at);
    case budget_period::day:
        return floor<days>(at);
    case budget_period::month:
        break;
    }
    auto const today = date_of(at);
    return std::chrono::sys_days(today.year() / today.month() / 1);
}

} // namespace

std::string text_of(budget_period period, wall_time at) {
    constexpr std::array lengths{std::string_view("2026-03-01T12").size(),
                                 std::string_view("2026-03-01").size(),
                                 std::string_view("2026-03").size()};
    return to_timestamp(at).substr(0, lengths[static_cast<std::size_t>(period)]);
}

wall_time end_of(budget_period period, wall_time at) {
    auto const begin = begin_of(period, at);
    if (period == budget_period::hour) return begin + hours(1);
    if (period == budget_period::day) return begin + days(1);
    return std::chrono::sys_days(date_of(begin) + std::chrono::months(1));
}

std::vector<store::reservation> ledger::reservations(purchase const& purchase) const {
    std::vector<store::reservation> list;
    list.reserve(2 + rules_.budgets.size());
    auto const amount = purchase.price.micros();
    list.push_back(
        {total(purchase.at), amount, std::numeric_limits<std::int64_t>::max(), total_retention});
    if (purchase.is_of_tenant)
        list.push_back({own(purchase.client, purchase.at), amount,
                        std::numeric_limits<std::int64_t>::max(), total_retention});
    for (auto const& budget : rules_.budgets) {
        auto const whose = whose_of(budget, purchase);
        if (!whose || (!budget.only.empty() && budget.only != *whose)) continue;
        auto const left = end_of(budget.period, purchase.at) - purchase.at;
        list.push_back({store::budget_key{key_hash_of(budget.key, *whose), budget.name,
                                          text_of(budget.period, purchase.at)},
                        amount, budget.cap.micros(),
                        std::chrono::ceil<store::duration>(left) + keep_margin,
                        budget.mode == limit_mode::observe});
    }
    return list;
}

std::optional<std::string> ledger::whose_of(spending_budget const& budget,
                                            purchase const& purchase) {
    switch (budget.key) {
    case budget_key::total:
        return std::string();
    case budget_key::client:
        return std::string(purchase.client);
    case budget_key::purpose:
        return std::string(purchase.purpose);
    case budget_key::route:
        return std::to_string(purchase.route_id);
    case budget_key::country:
        break;
    }
    if (purchase.country.empty()) return std::nullopt;
    return std::string(purchase.country);
}

store::key_hash ledger::key_hash_of(budget_key key, std::string_view whose) const {
    static constexpr std::array<std::string_view, 5> kinds{"total", "client", "purpose", "route",
                                                           "country"};
    auto const kind = kinds[static_cast<std::size_t>(key)];
    // Other kinds have any number of keys: callers choose the purpose.
    bool const are_few =
        key == budget_key::total || key == budget_key::client || key == budget_key::country;
    return are_few ? keys_.cached_hash({"budget", kind, whose})
                   : keys_.hash({"budget", kind, whose});
}

store::budget_key ledger::total(wall_time at) const {
    return {key_hash_of(budget_key::total, ""), total_name, text_of(budget_period::hour, at)};
}

std::vector<store::budget_key> ledger::totals(budget_period period, wall_time at) const {
    std::vector<store::budget_key> hours_of_it;
    for (auto hour = begin_of(period, at); hour <= at; hour += hours(1))
        hours_of_it.push_back(total(hour));
    return hours_of_it;
}

store::budget_key ledger::own(std::string_view client, wall_time at) const {
    return {key_hash_of(budget_key::client, client), total_name, text_of(budget_period::day, at)};
}

std::vector<store::budget_key> ledger::own_of_month(std::string_view client, wall_time at) const {
    std::vector<store::budget_key> list;
    for (auto day = begin_of(budget_period::month, at); day <= at; day += days(1))
        list.push_back(own(client, day));
    return list;
}

store::budget_key ledger::key_of(spending_budget const& budget, wall_time at) const {
    return {key_hash_of(budget.key, budget.only), budget.name, text_of(budget.period, at)};
}

} // namespace otpd::otp
