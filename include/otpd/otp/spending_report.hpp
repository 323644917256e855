#pragma once

/// The spending so far, in total and of each client, according to the store.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// Over all instances.
struct spending_view {
    money spent_this_hour; ///< of a client: today
    money spent_today;
    money spent_this_month;
    std::vector<budget_view> budgets;
};

struct spent_hour {
    store::budget_key hour;
    std::int64_t micros = 0;
};

/// Thread-safe. The failure is store_unavailable.
class spending_report {
public:
    /// All arguments must outlive it.
    spending_report(policy const& rules, ledger const& spending, store::store& store,
                    clock const& now)
        : rules_(rules), ledger_(spending), store_(store), now_(now) {}

    [[nodiscard]] boost::asio::awaitable<outcome<spending_view>> of_all() const;
    /// What a tenant may see: the budgets with key `client` that apply to it, with the client as
    /// `only`.
    [[nodiscard]] boost::asio::awaitable<outcome<spending_view>> of(client const& client) const;
    /// The total spending in each hour from `since` to `until`. Nothing if the store does not
    /// answer.
    [[nodiscard]] boost::asio::awaitable<std::optional<std::vector<spent_hour>>>
    by_hour(wall_time since, wall_time until) const;

private:
    [[nodiscard]] boost::asio::awaitable<outcome<spending_view>>
    sum_up(std::vector<store::budget_key> month, std::size_t today,
           std::vector<spending_budget> budgets, wall_time now) const;

    policy const& rules_;
    ledger const& ledger_;
    store::store& store_;
    clock const& now_;
};

} // namespace otpd::otp
