#include "otpd/otp/catalogue.hpp"

#include "upstream_failure.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// How long the upstream's routes are cached.
constexpr std::chrono::minutes routes_kept{1};
/// How long the account, and price lists outside the price cache, are cached: a client that polls
/// causes only one request to the upstream.
constexpr std::chrono::seconds others_kept{5};

} // namespace

catalogue::catalogue(policy const& rules, bridgexapi::reader& upstream,
                     price_cache const& price_lists, otp::account& account, clock const& now)
    : rules_(rules), upstream_(upstream), prices_(price_lists), account_(account), now_(now) {
    for (int const id : rules_.allowed_routes)
        price_lists_.try_emplace(id);
}

asio::awaitable<outcome<std::vector<bridgexapi::route>>> catalogue::routes(deadline until) {
    auto const kept = routes_.load();
    bool const fresh = kept && now_.now() - kept->at < routes_kept;
    // While one caller requests them, the others get the outdated routes.
    bool const ask = !fresh && (!is_asking_.exchange(true) || !kept);
    if (!ask) co_return kept->routes;
    struct question {
        std::atomic<bool>& asking;
        ~question() { asking = false; }
    };
    question const asked{is_asking_};
    auto answered = co_await upstream_.list_routes(until);
    if (!answered) co_return upstream_failure(answered.error());
    auto made = boost::make_shared<known_routes const>(
        known_routes{allowed(std::move(*answered)), now_.now()});
    routes_.store(made);
    co_return made->routes;
}

asio::awaitable<outcome<price_list>> catalogue::pricing(int route_id, deadline until) {
    auto const its = price_lists_.find(route_id);
    if (its == price_lists_.end()) co_return failure{errc::route_not_allowed};
    if (auto const kept = prices_.list_of(route_id)) co_return *kept;
    if (auto const kept = its->second.younger_than(others_kept, now_.now())) co_return *kept;
    auto answered = co_await upstream_.get_pricing(route_id, until);
    if (!answered) co_return upstream_failure(answered.error());
    auto made = make_price_list(std::move(*answered), now_.wall());
    its->second.keep(made, now_.now());
    co_return made;
}

asio::awaitable<outcome<account_view>> catalogue::account(deadline until) {
    auto const asked = co_await balance(until);
    if (!asked) co_return asked.error();
    account_view view{*asked, {}};
    // The balance from a later send or read is newer.
    auto const state = account_.state();
    view.balance.amount = state.balance.value_or(asked->amount);
    view.drift = state.drift;
    co_return view;
}

asio::awaitable<outcome<bridgexapi::balance>> catalogue::balance(deadline until) {
    if (auto const kept = balance_.younger_than(others_kept, now_.now())) co_return *kept;
    auto const answered = co_await upstream_.get_balance(until);
    if (!answered) co_return upstream_failure(answered.error());
    account_.on_balance(answered->amount);
    balance_.keep(*answered, now_.now());
    co_return *answered;
}

std::vector<bridgexapi::route> catalogue::allowed(std::vector<bridgexapi::route> routes) const {
    auto const& allowed = rules_.allowed_routes;
    std::erase_if(routes, [&](bridgexapi::route const& route) {
        return std::ranges::find(allowed, route.route_id) == allowed.end();
    });
    std::ranges::stable_sort(routes, {}, &bridgexapi::route::route_id);
    return routes;
}

} // namespace otpd::otp
