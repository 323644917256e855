#pragma once

/// Rate-limit checks (GCRA): constant state, no bursts at the edge of a window. Those that count by
/// the number of the request are a part of its state, the others are fields of shared ones.

#include "engine/states.hpp"
#include "otpd/store/limits.hpp"

#include <optional>

namespace otpd::store::engine {

/// Until when the limit's quota is not whole; `now` when it is. A time that no check could have
/// written by the present clock is void: see void_future_limits().
[[nodiscard]] store_time tat_of(states& states, number_key const& number,
                                rate_limit_check const& check, store_time now);

/// How long until the check passes; nothing when it does now.
[[nodiscard]] std::optional<duration> wait_for(states& states, number_key const& number,
                                               rate_limit_check const& check, store_time now);

/// Passes the check; an observed one that does not pass is left out.
void take(states& states, number_key const& number, rate_limit_check const& check, store_time now);

/// Passes the check without counting it, so that the step stands only if it still passes when it is
/// committed.
void require(states& states, number_key const& number, rate_limit_check const& check,
             store_time now);

/// A check that was passed is taken back.
void refund(states& states, number_key const& number, rate_limit_check const& check,
            store_time now);

/// Writes back what is void, whatever becomes of the step: it must not stop anybody once more when
/// the clock comes there.
void void_future_limits(states& states, number_key const& number,
                        std::vector<rate_limit_check> const& checks, store_time now);

} // namespace otpd::store::engine
