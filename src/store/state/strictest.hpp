#pragma once

/// Two accounts of one number, when a store has lost its last writes.

#include "state/blob.hpp"
#include "state/number_state.hpp"
#include "state/state_key.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otpd::store::state {

/// Of what the store has now and what was seen there before, of each kind the stricter: whatever is
/// over in one of them is over, a code that only one of them knows never verifies, and no count or
/// pause is shorter than in either. `theirs` becomes that; it looks into the bytes of both from then on.
void make_strictest(number_state& theirs, number_state const& mine);

/// The same of blobs, of what has one writer; nothing when one of them cannot be read. An empty one is
/// of what is not kept. An idempotency record, or that there is none, holds as it was seen last. `as`
/// is the version of what comes out; never 0.
[[nodiscard]] std::optional<std::string> merge_strictest(key_kind kind, std::string_view theirs,
                                                         std::string_view mine, version as);

} // namespace otpd::store::state
