#pragma once

/// What the upstream offers, what it costs and what was spent so far. Serves requests for
/// information; no send depends on it.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/otp/account_monitor.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/price_cache.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace otpd::otp {

/// A budget with `only`, or one of key total.
struct budget_view {
    std::string name;
    budget_period period = budget_period::day;
    std::string only;
    money cap;
    money spent;
    wall_time ends_at;
};

struct balance_view {
    bridgexapi::balance account;
    std::optional<money> drift; ///< account_state::drift
    money spent_this_hour;      ///< in all, by every instance
    money spent_today;
    money spent_this_month;
    std::vector<budget_view> budgets;
};

/// What a tenant sees.
struct spending_view {
    money spent_today; ///< by the client, through every instance
    money spent_this_month;
    /// Budgets of key `client`: those for this client, and those that each client has; `only` is
    /// the client.
    std::vector<budget_view> budgets;
};

/// Every member from any thread. Failures: upstream_failed, route_not_allowed, store_unavailable.
class catalogue {
public:
    /// Everything must outlive it.
    struct dependencies {
        store::store& store;
        bridgexapi::gateway& gateway;
        price_cache const& price_lists;
        account_monitor& account;
        ledger const& spending;
        policy const& rules;
        clock const& now;
    };

    explicit catalogue(dependencies deps);
    ~catalogue();

    /// The upstream's routes that the policy allows, ascending by id. Cached for a minute; while
    /// one caller refreshes the list, others get the old one.
    boost::asio::awaitable<outcome<std::vector<bridgexapi::route>>> routes(deadline until);
    /// The cached list, one of the last seconds, or one that is fetched now. A route that the
    /// policy does not allow is route_not_allowed.
    boost::asio::awaitable<outcome<price_list>> pricing(int route_id, deadline until);
    /// The account is cached for seconds. The account monitor gets the balance.
    boost::asio::awaitable<outcome<balance_view>> balance(deadline until);
    /// Of one tenant; asks the store only.
    boost::asio::awaitable<outcome<spending_view>> spending(client const& client);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::otp
