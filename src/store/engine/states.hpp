#pragma once

/// The states that a step of the engine reads and changes. An implementation must keep them
/// consistent: if a state that a step has read changes before the commit, the step runs again.

#include "room.hpp"
#include "state/journal_list.hpp"
#include "state/number_state.hpp"
#include "state/override_list.hpp"
#include "state/record.hpp"
#include "state/shared_state.hpp"
#include "state/state_key.hpp"
#include "store_time.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

namespace otpd::store::engine {

using state::number_state;
using state::shared_state;
using state::state_key;
using state::value_max;

/// An addition to one field of a shared state: value = max(value, floor) + delta, unless the result
/// exceeds the bound. Additions commute, so hot keys have no conflicts. A value above the ceiling
/// was written by a wrong clock and counts as 0.
///
/// - A rate-limit check: floor now, delta its cost, bound now + window.
/// - A reservation: floor 0, delta the amount, bound the cap.
/// - A count of a guard: floor 0, delta 1, bound the limit.
struct addition {
    std::string_view field; ///< valid as long as the request
    std::int64_t floor = 0;
    std::int64_t delta = 0;
    std::int64_t bound = value_max;
    std::int64_t ceiling = value_max;
    /// If true, an addition over its bound is skipped; otherwise the step is refused.
    bool skips_when_over = false;
    store_time retained_until; ///< of the state that it adds to
};

/// What an addition needs in the state.
struct structure {
    std::chrono::seconds typing{0}; ///< of a conversion guard; 0: none
    store_time sum_end{};           ///< of a budget or scores
};

class states {
public:
    virtual ~states() = default;

    // These return the current states without expired parts; empty ones if nothing is stored.
    // References are valid until the end of the step, whatever changes.

    [[nodiscard]] virtual number_state const& number(number_key const& at) = 0;
    [[nodiscard]] virtual number_state& change_number(number_key const& at) = 0;
    /// Of an Idempotency-Key, of a used challenge, of the secrets, or of a journal's entry.
    [[nodiscard]] virtual state::record const& record(state_key const& at) = 0;
    /// A record that is_kept no longer afterwards is deleted.
    [[nodiscard]] virtual state::record& change_record(state_key const& at) = 0;

    /// Of journals_state_key().
    [[nodiscard]] virtual state::journal_list const& journals() = 0;
    [[nodiscard]] virtual state::journal_list& change_journals() = 0;

    /// Of overrides_state_key().
    [[nodiscard]] virtual state::override_list const& overrides() = 0;
    [[nodiscard]] virtual state::override_list& change_overrides() = 0;

    /// Including the additions so far.
    [[nodiscard]] virtual shared_state const& shared(state_key const& at) = 0;
    /// Creates the field and the structure if they are missing. The step has checked that nothing
    /// refuses the addition; the commit checks that again.
    virtual void add(state_key const& at, addition const& addition,
                     structure const& needed = {}) = 0;

    [[nodiscard]] virtual room room_left() const = 0;
};

[[nodiscard]] inline std::int64_t ticks(store_time at) noexcept {
    return at.time_since_epoch().count();
}

/// Truncates to milliseconds, the precision of number states except for limits.
[[nodiscard]] inline store_time to_millisecond(store_time at) noexcept {
    return std::chrono::floor<duration>(at);
}

/// The whole milliseconds that have passed.
[[nodiscard]] inline duration since(store_time then, store_time now) noexcept {
    return std::max(duration(0), std::chrono::floor<duration>(now - then));
}

} // namespace otpd::store::engine
