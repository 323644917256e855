#pragma once

/// A budget is the money that may be spent in a period. A send reserves its expected price first.
/// The difference from the real price is booked afterwards.
///
/// Unlike a rate limit, a budget does not refill with time: a monthly budget is for a calendar
/// month, like a bill. The period is part of the budget's key. The caller knows the calendar; the
/// store only knows how long to keep a budget.

#include "otpd/store/journal.hpp"
#include "otpd/store/limits.hpp"
#include "otpd/store/verification.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// The stored value is the sum reserved so far, in millionths of the currency. It is below 2^53 (9
/// billion units), which every backend counts exactly.
struct budget_key {
    key_hash key{};
    std::string name;   ///< 1 to 32 characters of [a-z0-9_]; unique among the budgets of one owner
    std::string period; ///< 1 to 16 characters of [0-9T-]: "2026-11"

    friend bool operator==(budget_key const&, budget_key const&) = default;
};

/// Reserves `amount` in a budget, if the sum with it does not exceed `cap`. All reservations of a
/// request are in different budgets. An amount of 0 is stored too, because the real price may
/// differ.
struct reservation {
    budget_key budget;
    std::int64_t amount = 0; ///< >= 0
    /// >= 0; a larger amount is refused for `retention` even if nothing is reserved yet.
    std::int64_t cap = 0;
    duration retention{}; ///< > 0: the budget is forgotten this long after its first reservation
    /// Never refuses, only reports. The amount is reserved anyway.
    bool observed = false;
};

/// Corrects the sum of a budget by `change`; the sum never falls below 0. Does nothing if the
/// budget is forgotten.
struct adjustment {
    budget_key budget;
    std::int64_t change = 0;
};

/// Replaces the reservation when a send is tried on another route. Refunds the expected price of
/// the first route and reserves that of the next, or changes nothing. It is never refused because
/// the store is full.
///
/// A hedge is a second message of the send, with the same code, because the first has no report. It
/// is booked once per verification, and only if that has a plan, can be verified, is the newest of
/// its session, and its message is `accepted`. Otherwise it comes too late.
struct reservation_replacement {
    verification_address address; ///< of the send
    /// One or more events `step`, which are listed even beyond events_max. If the answer is lost,
    /// they show whether this took effect (settlement::unanswered).
    std::vector<note> notes;
    std::vector<adjustment> refund;
    std::vector<reservation> take;
    std::optional<journal_write> entry = {}; ///< written with it
    bool is_hedge = false;                   ///< reserves for a second message, and refunds nothing
    trace_context trace{};                   ///< of the request; no rule depends on it
};
struct reservation_replaced {
    std::vector<violation> observed;
};
/// The verification is forgotten or its send settled, or it gets no second message: nothing
/// changes.
struct too_late {};
using replace_outcome = std::variant<reservation_replaced, refused, too_late>;

} // namespace otpd::store
