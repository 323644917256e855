#pragma once

/// Budgets: the money that may be spent in a period. A send reserves its expected price before it
/// goes out; the difference to the real price is booked afterwards.
///
/// Unlike a rate limit, a budget does not refill with time: a monthly budget is one of a calendar
/// month, as the bill is. The period is a part of the budget's key; the caller knows the calendar,
/// the store only how long to remember.

#include "otpd/store/limits.hpp"
#include "otpd/store/verification.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// The stored value is the sum taken so far, in millionths of the currency, below 2^53 (9 billion
/// units): every store counts that exactly.
struct budget_key {
    key_hash key{};
    std::string name;   ///< 1 to 32 characters of [a-z0-9_]; unique among the budgets of one owner
    std::string period; ///< 1 to 16 characters of [0-9T-]: "2026-11"

    friend bool operator==(budget_key const&, budget_key const&) = default;
};

/// Sets `amount` of a budget aside. Admitted while the sum does not exceed `cap` with it. The
/// reservations of one request are of different budgets. One of 0 is kept too, because the real
/// price may be another.
struct reservation {
    budget_key budget;
    std::int64_t amount = 0; ///< >= 0
    std::int64_t cap =
        0; ///< >= 0; with nothing taken yet a larger amount is refused for `retention`
    duration retention{}; ///< > 0: forgotten so long after it was first taken from
    /// Refuses nothing and is only reported; the amount is taken all the same.
    bool observed = false;
};

/// Corrects the sum of a budget by `change` (never below 0 in all). Does nothing when the budget is
/// forgotten.
struct adjustment {
    budget_key budget;
    std::int64_t change = 0;
};

/// Replaces the reservation when a send is tried on another route: refunds the expected price of
/// the first route and reserves that of the next, or changes nothing. Never refused for lack of
/// room in the store.
struct reservation_replacement {
    verification_address address; ///< whose send it is
    /// Events `step`, at least one, that are listed even beyond events_max: when the answer is
    /// lost, they show whether this was done (settlement::unanswered).
    std::vector<note> notes;
    std::vector<adjustment> refund;
    std::vector<reservation> take;
};
struct reservation_replaced {
    std::vector<violation> observed;
};
/// The verification is forgotten, or its send settled: nothing changes.
struct too_late {};
using replace_outcome = std::variant<reservation_replaced, refused, too_late>;

} // namespace otpd::store
