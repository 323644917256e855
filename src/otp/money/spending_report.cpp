#include "otpd/otp/spending_report.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

using sums = std::vector<std::int64_t>;

money sum_of(sums::const_iterator from, sums::const_iterator to) {
    return money::from_micros(std::accumulate(from, to, std::int64_t{0}));
}

/// Budgets other than total have one sum per owner, so one is shown only if it names an owner.
bool can_be_shown(spending_budget const& budget) {
    return budget.key == budget_key::total || !budget.only.empty();
}

/// The budgets of this client, each limited to it: its ledger counts only this client.
std::vector<spending_budget> budgets_of(std::string const& name, policy const& rules) {
    std::vector<spending_budget> list;
    for (auto const& budget : rules.budgets) {
        bool const is_own = budget.only.empty() || budget.only == name;
        if (budget.key != budget_key::client || !is_own) continue;
        list.push_back(budget);
        list.back().only = name;
    }
    return list;
}

} // namespace

asio::awaitable<outcome<spending_view>> spending_report::of_all() const {
    auto const now = now_.wall();
    std::vector<spending_budget> shown;
    std::ranges::copy_if(rules_.budgets, std::back_inserter(shown), can_be_shown);
    auto const today = ledger_.totals(budget_period::day, now).size();
    return sum_up(ledger_.totals(budget_period::month, now), today, std::move(shown), now);
}

asio::awaitable<outcome<spending_view>> spending_report::of(client const& client) const {
    auto const now = now_.wall();
    return sum_up(ledger_.own_of_month(client.name, now), 1, budgets_of(client.name, rules_), now);
}

/// `month` is summed by hour or by day; its last `today` entries are those of today.
asio::awaitable<outcome<spending_view>>
spending_report::sum_up(std::vector<store::budget_key> month, std::size_t today,
                        std::vector<spending_budget> budgets, wall_time now) const {
    auto const count = static_cast<std::ptrdiff_t>(month.size());
    auto keys = std::move(month);
    for (auto const& budget : budgets)
        keys.push_back(ledger_.key_of(budget, now));
    auto const asked = keys.size();
    auto const answer = co_await store_.spent(std::move(keys));
    if (!answer || answer->size() != asked) co_return failure{errc::store_unavailable};
    auto spent = answer->begin() + count;
    spending_view view;
    view.spent_this_month = sum_of(answer->begin(), spent);
    view.spent_today = sum_of(spent - static_cast<std::ptrdiff_t>(today), spent);
    view.spent_this_hour = money::from_micros(*(spent - 1));
    for (auto const& budget : budgets)
        view.budgets.push_back({budget.name, budget.period, budget.only, budget.cap,
                                money::from_micros(*spent++), end_of(budget.period, now)});
    co_return view;
}

asio::awaitable<std::optional<std::vector<spent_hour>>>
spending_report::by_hour(wall_time since, wall_time until) const {
    std::vector<spent_hour> hours;
    std::vector<store::budget_key> keys;
    for (auto at = since;; at = std::min(at + std::chrono::hours(1), until)) {
        auto key = ledger_.total(at);
        if (keys.empty() || keys.back() != key) keys.push_back(std::move(key));
        if (at >= until) break;
    }
    auto const answer = co_await store_.spent(keys);
    if (!answer || answer->size() != keys.size()) co_return std::nullopt;
    for (std::size_t i = 0; i < keys.size(); ++i)
        hours.push_back({keys[i], (*answer)[i]});
    co_return hours;
}

} // namespace otpd::otp
