#pragma once

/// What the upstream offers, what it costs, and the account there. Serves requests for information;
/// no send depends on it.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/price_cache.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace otpd::otp {

struct account_view {
    bridgexapi::balance balance;
    std::optional<money> drift; ///< account_state::drift
};

/// Thread-safe. Failures: upstream_failed, route_not_allowed.
class catalogue {
public:
    /// All arguments must outlive it.
    catalogue(policy const& rules, bridgexapi::reader& upstream, price_cache const& price_lists,
              otp::account& account, clock const& now);

    /// Returns the upstream's routes that the policy allows, ascending by id. The list is cached
    /// for a minute; while one caller refreshes it, others get the old one.
    boost::asio::awaitable<outcome<std::vector<bridgexapi::route>>> routes(deadline until);
    /// Returns the price cache's list, one fetched in the last seconds, or a new one. Fails with
    /// route_not_allowed for a route that the policy does not allow.
    boost::asio::awaitable<outcome<price_list>> pricing(int route_id, deadline until);
    /// Cached for seconds, unless the answer to a send has a newer balance.
    boost::asio::awaitable<outcome<account_view>> account(deadline until);

private:
    /// The last answer to a read. Thread-safe.
    template <class T>
    class cached_answer {
    public:
        /// Null if there is no answer, or none that is young enough.
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
    struct known_routes {
        std::vector<bridgexapi::route> routes;
        steady_time at;
    };

    boost::asio::awaitable<outcome<bridgexapi::balance>> balance(deadline until);
    [[nodiscard]] std::vector<bridgexapi::route>
    allowed(std::vector<bridgexapi::route> routes) const;

    policy const& rules_;
    bridgexapi::reader& upstream_;
    price_cache const& prices_;
    otp::account& account_;
    clock const& now_;
    boost::atomic_shared_ptr<known_routes const> routes_; // see price_cache.cpp
    std::atomic<bool> is_asking_{false};
    cached_answer<bridgexapi::balance> balance_;
    std::map<int, cached_answer<price_list>> price_lists_; ///< those of the allowed routes
};

} // namespace otpd::otp
