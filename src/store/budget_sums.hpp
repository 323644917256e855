#pragma once

/// What was taken from the budgets of one subject. Plain data and arithmetic; time is an argument.

#include "otpd/store/budget.hpp"
#include "store_time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::store {

struct budget_sum {
    std::string name; ///< NAME@PERIOD
    std::int64_t taken = 0;
    store_time expires; ///< since it was first taken from; never moves
};

/// Of most subjects there are none: then it is no more than a pointer.
class budget_sums {
public:
    [[nodiscard]] std::vector<budget_sum> const& all() const noexcept;
    [[nodiscard]] budget_sum const* find(budget_key const& of) const noexcept;
    [[nodiscard]] store_time next_expiry() const noexcept;
    void drop_expired(store_time now);

    void take(reservation const& what, store_time now);
    void adjust(adjustment const& what) noexcept;
    /// One that was kept elsewhere.
    void put(budget_sum sum);

private:
    std::unique_ptr<std::vector<budget_sum>> kept_;
};

/// The sum after a change: never below 0, and never more than fits.
[[nodiscard]] std::int64_t changed_by(std::int64_t taken, std::int64_t change) noexcept;

/// How long `what` is refused when `taken` was taken from what is kept of its budget; nothing when it is
/// admitted.
[[nodiscard]] std::optional<duration> refusal_of(reservation const& what, budget_sum const* kept,
                                                 std::int64_t taken, store_time now) noexcept;

} // namespace otpd::store
