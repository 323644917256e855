#pragma once

#include "engine/states.hpp"
#include "otpd/store/journal.hpp"

namespace otpd::store::engine {

/// Writes or erases an entry as a part of a step.
void write_entry(states& states, journal_write const& request, store_time now);

} // namespace otpd::store::engine
