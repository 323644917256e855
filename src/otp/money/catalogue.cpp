#include "otpd/otp/catalogue.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <algorithm>
#include <atomic>
#include <map>
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

} // namespace

class catalogue::impl {
public:
    impl(policy const& rules, bridgexapi::reader& upstream, price_cache const& prices,
         otp::account& account, clock const& now)
        : rules_(rules), upstream_(upstream), prices_(prices), account_(account), now_(now) {
        for (int const id : rules_.allowed_routes)
            price_lists_.try_emplace(id);
    }

    asio::awaitable<outcome<std::vector<bridgexapi::route>>> routes(deadline until) {
        auto const kept = routes_.load();
        bool const fresh = kept && now_.now() - kept->at < routes_kept;
        // While one caller asks, what is too old serves the others.
        bool const ask = !fresh && (!asking_.exchange(true) || !kept);
        if (!ask) co_return kept->routes;
        struct question {
            std::atomic<bool>& asking;
            ~question() { asking = false; }
        };
        question const asked{asking_};
        auto answered = co_await upstream_.list_routes(until);
        if (!answered) co_return upstream_failed(answered.error());
        auto made = boost::make_shared<known_routes const>(
            known_routes{allowed(std::move(*answered)), now_.now()});
        routes_.store(made);
        co_return made->routes;
    }

    asio::awaitable<outcome<price_list>> pricing(int route_id, deadline until) {
        auto const its = price_lists_.find(route_id);
        if (its == price_lists_.end()) co_return failure{errc::route_not_allowed};
        if (auto const kept = prices_.list_of(route_id)) co_return *kept;
        if (auto const kept = its->second.younger_than(others_kept, now_.now())) co_return *kept;
        auto answered = co_await upstream_.get_pricing(route_id, until);
        if (!answered) co_return upstream_failed(answered.error());
        auto made = make_price_list(std::move(*answered), now_.wall());
        its->second.keep(made, now_.now());
        co_return made;
    }

    asio::awaitable<outcome<account_view>> account(deadline until) {
        auto const asked = co_await balance(until);
        if (!asked) co_return asked.error();
        account_view view{*asked, {}};
        // What a send or the monitor has seen since then is newer.
        auto const state = account_.state();
        view.balance.amount = state.balance.value_or(asked->amount);
        view.drift = state.drift;
        co_return view;
    }

private:
    struct known_routes {
        std::vector<bridgexapi::route> routes;
        steady_time at;
    };

    asio::awaitable<outcome<bridgexapi::balance>> balance(deadline until) {
        if (auto const kept = balance_.younger_than(others_kept, now_.now())) co_return *kept;
        auto const answered = co_await upstream_.get_balance(until);
        if (!answered) co_return upstream_failed(answered.error());
        account_.on_balance(answered->amount);
        balance_.keep(*answered, now_.now());
        co_return *answered;
    }

    [[nodiscard]] bool is_allowed(int route_id) const {
        return std::ranges::find(rules_.allowed_routes, route_id) != rules_.allowed_routes.end();
    }

    [[nodiscard]] std::vector<bridgexapi::route>
    allowed(std::vector<bridgexapi::route> routes) const {
        std::erase_if(routes, [this](auto const& each) { return !is_allowed(each.route_id); });
        std::ranges::stable_sort(routes, {}, &bridgexapi::route::route_id);
        return routes;
    }

    policy const& rules_;
    bridgexapi::reader& upstream_;
    price_cache const& prices_;
    otp::account& account_;
    clock const& now_;
    boost::atomic_shared_ptr<known_routes const> routes_; // see price_cache.cpp
    std::atomic<bool> asking_{false};
    cached_answer<bridgexapi::balance> balance_;
    std::map<int, cached_answer<price_list>> price_lists_; ///< those of the allowed routes
};

catalogue::catalogue(policy const& rules, bridgexapi::reader& upstream,
                     price_cache const& price_lists, otp::account& account, clock const& now)
    : impl_(std::make_unique<impl>(rules, upstream, price_lists, account, now)) {}

catalogue::~catalogue() = default;

asio::awaitable<outcome<std::vector<bridgexapi::route>>> catalogue::routes(deadline until) {
    return impl_->routes(until);
}

asio::awaitable<outcome<price_list>> catalogue::pricing(int route_id, deadline until) {
    return impl_->pricing(route_id, until);
}

asio::awaitable<outcome<account_view>> catalogue::account(deadline until) {
    return impl_->account(until);
}

} // namespace otpd::otp
