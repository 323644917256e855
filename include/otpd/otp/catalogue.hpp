#pragma once

/// What the upstream offers, what it costs, and the account there. Serves requests for information;
/// no send depends on it.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/price_cache.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace otpd::otp {

struct account_view {
    bridgexapi::balance balance;
    std::optional<money> drift; ///< account_state::drift
};

/// Every member from any thread. Failures: upstream_failed, route_not_allowed.
class catalogue {
public:
    /// All must outlive it.
    catalogue(policy const& rules, bridgexapi::reader& upstream, price_cache const& price_lists,
              otp::account& account, clock const& now);
    ~catalogue();

    /// The upstream's routes that the policy allows, ascending by id. Cached for a minute; while
    /// one caller refreshes the list, others get the old one.
    boost::asio::awaitable<outcome<std::vector<bridgexapi::route>>> routes(deadline until);
    /// The cached list, one of the last seconds, or one that is fetched now. A route that the
    /// policy does not allow is route_not_allowed.
    boost::asio::awaitable<outcome<price_list>> pricing(int route_id, deadline until);
    /// Cached for seconds, but for a newer balance in the answer to a send.
    boost::asio::awaitable<outcome<account_view>> account(deadline until);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::otp
