#pragma once

/// Rate-limit checks (GCRA): constant state, no bursts at the edge of a window. Limits that count
/// by the number of the request are a part of its state; the others are fields of shared states.

#include "engine/states.hpp"
#include "otpd/store/limits.hpp"

#include <optional>

namespace otpd::store::engine {

/// Those whose requests are checked.
struct limited {
    number_key number{};
    state::requester_class whose = state::requester_class::stranger;
};

/// Whether the limit is about them. No other function does anything if it is not.
[[nodiscard]] bool applies_to(limited const& by, rate_limit_check const& check) noexcept;

/// The limit's theoretical arrival time: the whole quota is available from then on; `now` if it is
/// already. A time that no check can have written yet is void: see wait_for().
[[nodiscard]] store_time tat_of(states& states, limited const& by, rate_limit_check const& check,
                                store_time now);

/// How long until the check passes; nothing if it passes now. A void time is written back, even if
/// the step is refused, so that it does not refuse anybody again when the clock reaches it.
[[nodiscard]] std::optional<duration> wait_for(states& states, limited const& by,
                                               rate_limit_check const& check, store_time now);

/// Counts the check. An observed check that does not pass is skipped.
void take(states& states, limited const& by, rate_limit_check const& check, store_time now);

/// Requires that the check passes, without counting it: the step stands only if the check still
/// passes at the commit.
void require(states& states, limited const& by, rate_limit_check const& check, store_time now);

/// Takes a counted check back.
void refund(states& states, limited const& by, rate_limit_check const& check, store_time now);

} // namespace otpd::store::engine
