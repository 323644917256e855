#pragma once

/// What was spent, by whom and for what. The ledger turns the operator's budgets into the store's
/// reservations for one send. It also sums all spending by hour, and each tenant's by day, without
/// a cap. Readers add these up to days and months.

#include "otpd/core/clock.hpp"
#include "otpd/otp/budgets.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/store/budget.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// "2026-11-25T20", "2026-11-25" or "2026-11".
[[nodiscard]] std::string text_of(budget_period period, wall_time at);
/// Returns when the next period begins.
[[nodiscard]] wall_time end_of(budget_period period, wall_time at);

/// Immutable and thread-safe.
class ledger {
public:
    /// Both arguments must outlive the ledger.
    ledger(policy const& rules, key_ring const& keys) : rules_(rules), keys_(keys) {}

    struct purchase {
        std::string_view client;
        std::string_view purpose;
        std::string_view country; ///< empty: unknown
        int route_id = 0;
        money price; ///< expected
        wall_time at;
        bool is_of_tenant = false; ///< also summed for its client
    };
    /// The total comes first, then the tenant's own sum, then each budget that applies to the
    /// purchase.
    [[nodiscard]] std::vector<store::reservation> reservations(purchase const& purchase) const;

    /// Returns the sum of all spending in an hour. It is kept for more than a month.
    [[nodiscard]] store::budget_key total(wall_time at) const;
    /// Returns the sums of all hours of the period up to now. Together they are the spending of the
    /// period.
    [[nodiscard]] std::vector<store::budget_key> totals(budget_period period, wall_time at) const;
    /// own() returns the sum of a tenant's spending on a day, which is kept for as long.
    /// own_of_month() returns those of the month up to now; today's is the last.
    [[nodiscard]] store::budget_key own(std::string_view client, wall_time at) const;
    [[nodiscard]] std::vector<store::budget_key> own_of_month(std::string_view client,
                                                              wall_time at) const;
    /// Returns the current key of a budget with `only` set or with key total. Other budgets have
    /// many keys.
    [[nodiscard]] store::budget_key key_of(spending_budget const& budget, wall_time at) const;

private:
    /// Returns nullopt if the purchase has no such attribute.
    [[nodiscard]] static std::optional<std::string> whose_of(spending_budget const& budget,
                                                             purchase const& purchase);
    [[nodiscard]] store::key_hash key_hash_of(budget_key key, std::string_view whose) const;

    policy const& rules_;
    key_ring const& keys_;
};

} // namespace otpd::otp
