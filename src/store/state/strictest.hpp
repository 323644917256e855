#pragma once

/// Merges two versions of one number's state after a store has lost its last writes.

#include "state/number_state.hpp"

namespace otpd::store::state {

/// Merges the present state of the store with the one that was seen there before, taking the
/// stricter part of each kind. What has ended in one of them has ended; a code that only one of
/// them knows never verifies; no count or pause is shorter than in either. `theirs` becomes the
/// result, and is a view of the bytes of both from then on.
void make_strictest(number_state& theirs, number_state const& mine);

/// Any other record, or its absence, stays as it was seen last.
template <class Record>
void make_strictest(Record& theirs, Record const& mine) {
    theirs = mine;
}

} // namespace otpd::store::state
