#pragma once

/// What a step of the engine sees and changes. Whoever implements it keeps all of it together: what
/// a step looked at is what it changes, or the step runs again.

#include "state/number_state.hpp"
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

/// To one field of a shared state: value = max(value, floor) + delta, unless that is over the
/// bound. It commutes with others, so that hot keys know no conflict. A value over the ceiling was
/// written by a clock that was wrong: it is taken for 0.
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
    /// Over the bound this addition alone is left out; otherwise its step is refused.
    bool skips_when_over = false;
    store_time retained_until; ///< what it adds to
};

/// What an addition needs to be there.
struct structure {
    std::chrono::seconds typing{0}; ///< of a conversion guard; 0: none
    store_time sum_end{};           ///< of a budget
};

class states {
public:
    virtual ~states() = default;

    // As they are now: without what is over. Empty ones where nothing is kept. References are valid
    // to the end of the step, whatever is changed.

    [[nodiscard]] virtual number_state const& number(number_key const& at) = 0;
    [[nodiscard]] virtual number_state& change_number(number_key const& at) = 0;
    /// Of an Idempotency-Key, or of the secrets.
    [[nodiscard]] virtual state::record const& record(state_key const& at) = 0;
    /// One that is no longer kept afterwards is deleted.
    [[nodiscard]] virtual state::record& change_record(state_key const& at) = 0;

    /// With the additions so far.
    [[nodiscard]] virtual shared_state const& shared(state_key const& at) = 0;
    /// Makes the field, and what else is needed, where it is not there. The step has seen that
    /// nothing refuses it; whether that still holds when it is committed is looked at again there.
    virtual void add(state_key const& at, addition const& addition,
                     structure const& needed = {}) = 0;

    /// Whether one more verification may be kept.
    [[nodiscard]] virtual bool has_room() const = 0;
};

[[nodiscard]] inline std::int64_t ticks(store_time at) noexcept {
    return at.time_since_epoch().count();
}

/// To the millisecond: what number states keep but for limits.
[[nodiscard]] inline store_time to_millisecond(store_time at) noexcept {
    return std::chrono::floor<duration>(at);
}

/// Whole milliseconds that have passed.
[[nodiscard]] inline duration since(store_time then, store_time now) noexcept {
    return std::max(duration(0), std::chrono::floor<duration>(now - then));
}

} // namespace otpd::store::engine
