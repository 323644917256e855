#pragma once

/// Money that may be spent: a sum for a period, of which sends take their expected price before they go out
/// and to which the difference to the real price comes afterwards.
///
/// Unlike a charge, what was taken is not regained with time: a budget of a month is that of a calendar
/// month, because that is how it is billed. The period is a part of the name under which a budget is kept;
/// the caller knows the calendar, the store only how long to remember.

#include "otpd/store/charge.hpp"
#include "otpd/store/verification.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace otpd::store {

/// What is kept of it is what was taken so far, in millionths of the currency: below 2^53 of them (9 billion
/// units), which is what every store counts exactly.
struct budget_key {
    subject_key subject{};
    std::string name; ///< 1 to 32 characters of [a-z0-9_]; unique among the budgets of one subject
    std::string period; ///< 1 to 16 characters of [0-9T-]: "2026-11"

    friend bool operator==(budget_key const&, budget_key const&) = default;
};

/// `amount` out of a budget. Admitted while no more than `cap` is taken with it. Those of one request are of
/// different budgets. One of 0 is kept too: its price may turn out to be another.
struct reservation {
    budget_key from;
    std::int64_t amount = 0; ///< >= 0
    std::int64_t cap = 0;    ///< >= 0; with nothing taken yet a larger amount is refused for `keep`
    duration keep{};         ///< > 0: forgotten so long after it was first taken from
    /// Refuses nothing, is only told, and takes the amount all the same.
    bool observed = false;
};

/// What was taken turns out to be another sum: `change` is added (never below 0 in all). Nothing when the
/// budget is forgotten.
struct adjustment {
    budget_key of;
    std::int64_t change = 0;
};

/// Another try of one send on another route: what the first was expected to cost is given back and what
/// this one is expected to cost is taken, or nothing changes. Never refused for want of room.
struct rebooking {
    verification_address of; ///< whose send it is
    /// Events `step`, at least one, that are listed even when there are events_max: whoever hears of no answer can tell
    /// by them whether it was done (settlement::unanswered).
    std::vector<note> notes;
    std::vector<adjustment> give_back;
    std::vector<reservation> take;
};
struct rebooked {
    std::vector<violation> observed;
};
/// The verification is forgotten, or its send settled: a rebooking that comes so late changes nothing.
struct too_late {};
using rebook_outcome = std::variant<rebooked, refused, too_late>;

} // namespace otpd::store
