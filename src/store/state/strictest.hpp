#pragma once

/// Two accounts of one number, when a store has lost its last writes.

#include "state/number_state.hpp"

namespace otpd::store::state {

/// Of what the store has now and what was seen there before, of each kind the stricter: whatever is
/// over in one of them is over, a code that only one of them knows never verifies, and no count or
/// pause is shorter than in either. `theirs` becomes that; it looks into the bytes of both from
/// then on.
void make_strictest(number_state& theirs, number_state const& mine);

/// Any other record, or that there is none, holds as it was seen last.
template <class Record>
void make_strictest(Record& theirs, Record const& mine) {
    theirs = mine;
}

} // namespace otpd::store::state
