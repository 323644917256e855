#pragma once

/// A second message of a verification, when the first has no report.

#include "engine/states.hpp"
#include "otpd/store/admission.hpp"
#include "otpd/store/budget.hpp"

namespace otpd::store::engine {

/// Whether a second message may be booked now.
[[nodiscard]] bool can_be_hedged(state::number_state const& state,
                                 state::verification_state const& verification) noexcept;
[[nodiscard]] settle_outcome settle_hedge(states& states, settlement const& request,
                                          store_time now);
/// The receipt of the message that arrived, as far as is known; else that of the first.
[[nodiscard]] state::packed_receipt const&
arrived(state::verification_state const& verification) noexcept;

} // namespace otpd::store::engine
