#include "otpd/otp/catalogue.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Of what the upstream said about its routes.
constexpr std::chrono::minutes routes_kept{1};
/// Of the account and of price lists that nobody keeps otherwise: who asks in a loop asks the
/// upstream once.
constexpr std::chrono::seconds others_kept{5};

/// The last answer to a question, from any thread.
template <class T>
class cached_answer {
public:
    /// Null when there is none, or none so young.
    [[nodiscard]] boost::shared_ptr<T const> younger_than(std::chrono::seconds age,
                                                          steady_time now) const {
        auto last = last_.load();
        if (!last || now - last->second >= age) return nullptr;
        return {last, &last->first};
    }
    void keep(T const& value, steady_time at) {
        last_.store(boost::make_shared<std::pair<T, steady_time> const>(value, at));
    }

private:
    boost::atomic_shared_ptr<std::pair<T, steady_time> const> last_; // see price_cache.cpp
};

failure upstream_failed(bridgexapi::failure const& because) {
    failure result{errc::upstream_failed};
    result.reason = because.why;
    if (because.retry_after)
        result.retry_after = std::max(std::chrono::seconds(1), *because.retry_after);
    return result;
}

/// Of the budgets that many have one each of, only one whose owner is named can be shown.
bool can_be_shown(spending_budget const& budget) {
    return budget.key == budget_key::total || !budget.only.empty();
}

} // namespace

class catalogue::impl {
public:
    explicit impl(dependencies deps) : deps_(deps) {
        for (int const id : deps_.rules.allowed_routes)
            price_lists_.try_emplace(id);
    }

    asio::awaitable<outcome<std::vector<bridgexapi::route>>> routes(deadline until) {
        auto const kept = routes_.load();
        bool const fresh = kept && deps_.now.now() - kept->at < routes_kept;
        // While one caller asks, what is too old serves the others.
        bool const ask = !fresh && (!asking_.exchange(true) || !kept);
        if (!ask) co_return kept->routes;
        struct question {
            std::atomic<bool>& asking;
            ~question() { asking = false; }
        };
        question const asked{asking_};
        auto answered = co_await deps_.gateway.list_routes(until);
        if (!answered) co_return upstream_failed(answered.error());
        auto made = boost::make_shared<known_routes const>(
            known_routes{allowed(std::move(*answered)), deps_.now.now()});
        routes_.store(made);
        co_return made->routes;
    }

    asio::awaitable<outcome<price_list>> pricing(int route_id, deadline until) {
        auto const its = price_lists_.find(route_id);
        if (its == price_lists_.end()) co_return failure{errc::route_not_allowed};
        if (auto const kept = deps_.price_lists.list_of(route_id)) co_return *kept;
        if (auto const kept = its->second.younger_than(others_kept, deps_.now.now()))
            co_return *kept;
        auto answered = co_await deps_.gateway.get_pricing(route_id, until);
        if (!answered) co_return upstream_failed(answered.error());
        auto made = make_price_list(std::move(*answered), deps_.now.wall());
        its->second.keep(made, deps_.now.now());
        co_return made;
    }

    asio::awaitable<outcome<balance_view>> balance(deadline until) {
        auto const known = co_await account(until);
        if (!known) co_return known.error();
        balance_view view;
        view.account = *known;
        auto const state = deps_.account.state();
        // What a send or the watch has seen since then is newer.
        view.account.amount = state.balance.value_or(known->amount);
        view.drift = state.drift;
        auto const now = deps_.now.wall();
        auto const shown = shown_budgets();
        view.budgets = views_of(shown, now);
        auto const hours = deps_.spending.totals(budget_period::month, now);
        auto const sums = co_await deps_.store.spent(keys(hours, shown, now));
        if (!sums || sums->size() != hours.size() + view.budgets.size())
            co_return failure{errc::store_unavailable};
        auto const middle = sums->begin() + static_cast<std::ptrdiff_t>(hours.size());
        auto const today = deps_.spending.totals(budget_period::day, now).size();
        view.spent_this_month = sum_of(sums->begin(), middle);
        view.spent_today = sum_of(middle - static_cast<std::ptrdiff_t>(today), middle);
        view.spent_this_hour = money::from_micros(*(middle - 1));
        for (std::size_t i = 0; i < view.budgets.size(); ++i)
            view.budgets[i].spent = money::from_micros((*sums)[hours.size() + i]);
        co_return view;
    }

    asio::awaitable<outcome<spending_view>> spending(client const& client) {
        auto const now = deps_.now.wall();
        auto const own = own_budgets(client.name);
        spending_view view;
        view.budgets = views_of(own, now);
        auto const days = deps_.spending.own_of_month(client.name, now);
        auto const sums = co_await deps_.store.spent(keys(days, own, now));
        if (!sums || sums->size() != days.size() + own.size())
            co_return failure{errc::store_unavailable};
        auto const middle = sums->begin() + static_cast<std::ptrdiff_t>(days.size());
        view.spent_this_month = sum_of(sums->begin(), middle);
        view.spent_today = money::from_micros(*(middle - 1));
        for (std::size_t i = 0; i < own.size(); ++i)
            view.budgets[i].spent = money::from_micros((*sums)[days.size() + i]);
        co_return view;
    }

private:
    struct known_routes {
        std::vector<bridgexapi::route> routes;
        steady_time at;
    };

    asio::awaitable<outcome<bridgexapi::balance>> account(deadline until) {
        if (auto const kept = account_.younger_than(others_kept, deps_.now.now())) co_return *kept;
        auto const answered = co_await deps_.gateway.get_balance(until);
        if (!answered) co_return upstream_failed(answered.error());
        deps_.account.on_balance(answered->amount);
        account_.keep(*answered, deps_.now.now());
        co_return *answered;
    }

    [[nodiscard]] bool is_allowed(int route_id) const {
        return std::ranges::find(deps_.rules.allowed_routes, route_id) !=
               deps_.rules.allowed_routes.end();
    }

    [[nodiscard]] std::vector<bridgexapi::route>
    allowed(std::vector<bridgexapi::route> routes) const {
        std::erase_if(routes, [this](auto const& each) { return !is_allowed(each.route_id); });
        std::ranges::stable_sort(routes, {}, &bridgexapi::route::route_id);
        return routes;
    }

    [[nodiscard]] std::vector<spending_budget> shown_budgets() const {
        std::vector<spending_budget> list;
        std::ranges::copy_if(deps_.rules.budgets, std::back_inserter(list), can_be_shown);
        return list;
    }

    /// Each as if it were for this client alone, which in its ledger it is.
    [[nodiscard]] std::vector<spending_budget> own_budgets(std::string const& name) const {
        std::vector<spending_budget> list;
        for (auto const& each : deps_.rules.budgets) {
            bool const is_own = each.only.empty() || each.only == name;
            if (each.key != budget_key::client || !is_own) continue;
            list.push_back(each);
            list.back().only = name;
        }
        return list;
    }

    [[nodiscard]] static std::vector<budget_view>
    views_of(std::vector<spending_budget> const& budgets, wall_time now) {
        std::vector<budget_view> result;
        for (auto const& each : budgets)
            result.push_back(
                {each.name, each.period, each.only, each.cap, money(), end_of(each.period, now)});
        return result;
    }

    /// The totals, then the budgets.
    [[nodiscard]] std::vector<store::budget_key> keys(std::vector<store::budget_key> totals,
                                                      std::vector<spending_budget> const& budgets,
                                                      wall_time now) const {
        for (auto const& each : budgets)
            totals.push_back(deps_.spending.key_of(each, now));
        return totals;
    }

    static money sum_of(std::vector<std::int64_t>::const_iterator from,
                        std::vector<std::int64_t>::const_iterator to) {
        return money::from_micros(std::accumulate(from, to, std::int64_t{0}));
    }

    dependencies const deps_;
    boost::atomic_shared_ptr<known_routes const> routes_; // see price_cache.cpp
    std::atomic<bool> asking_{false};
    cached_answer<bridgexapi::balance> account_;
    std::map<int, cached_answer<price_list>> price_lists_; ///< those of the allowed routes
};

catalogue::catalogue(dependencies deps) : impl_(std::make_unique<impl>(deps)) {}

catalogue::~catalogue() = default;

asio::awaitable<outcome<std::vector<bridgexapi::route>>> catalogue::routes(deadline until) {
    return impl_->routes(until);
}

asio::awaitable<outcome<price_list>> catalogue::pricing(int route_id, deadline until) {
    return impl_->pricing(route_id, until);
}

asio::awaitable<outcome<balance_view>> catalogue::balance(deadline until) {
    return impl_->balance(until);
}

asio::awaitable<outcome<spending_view>> catalogue::spending(client const& client) {
    return impl_->spending(client);
}

} // namespace otpd::otp
