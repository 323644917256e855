#pragma once

/// What was spent, by whom and for what: from the operator's budgets to what a store is to reserve
/// for one send. Besides the budgets everything is summed by the hour, and what a tenant spends by
/// the day, without a cap: days and months are added up by whoever asks for them.

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
/// When the next one begins.
[[nodiscard]] wall_time end_of(budget_period period, wall_time at);

/// Immutable; from any thread.
class ledger {
public:
    /// Both must outlive it.
    ledger(policy const& rules, key_ring const& keys) : rules_(rules), keys_(keys) {}

    struct purchase {
        std::string_view client;
        std::string_view purpose;
        std::string_view country; ///< empty: not known
        int route_id = 0;
        money price; ///< as expected
        wall_time at;
        bool is_of_tenant = false; ///< summed for its client, too
    };
    /// The total first, then the tenant's own, then each budget that the purchase falls under.
    [[nodiscard]] std::vector<store::reservation> reservations(purchase const& purchase) const;

    /// Where all spending of an hour is summed. Kept for a month and more.
    [[nodiscard]] store::budget_key total(wall_time at) const;
    /// Those of every hour of the period up to now: the spending of the period is their sum.
    [[nodiscard]] std::vector<store::budget_key> totals(budget_period period, wall_time at) const;
    /// Where a tenant's spending of a day is summed, kept as long; and those of the month up to
    /// now, today's last.
    [[nodiscard]] store::budget_key own(std::string_view client, wall_time at) const;
    [[nodiscard]] std::vector<store::budget_key> own_of_month(std::string_view client,
                                                              wall_time at) const;
    /// Where a budget with `only`, or of key total, is kept now: of the others there are many.
    [[nodiscard]] store::budget_key key_of(spending_budget const& budget, wall_time at) const;

private:
    /// Nothing when the purchase has no such attribute.
    [[nodiscard]] static std::optional<std::string> whose_of(spending_budget const& budget,
                                                             purchase const& purchase);
    [[nodiscard]] store::key_hash key_hash_of(budget_key key, std::string_view whose) const;

    policy const& rules_;
    key_ring const& keys_;
};

} // namespace otpd::otp
