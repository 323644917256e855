#pragma once

#include "engine/states.hpp"
#include "otpd/store/journal.hpp"

namespace otpd::store::engine {

/// Writes or erases an entry as a part of a step.
void write_entry(states& states, journal_write const& request, store_time now);

/// The last part of a step with that answer.
template <class Answer>
void write_outbox(states& states, outbox_for<Answer> const& entry, Answer const& answer,
                  store_time now) {
    if (!entry) return;
    write_entry(states, {entry->at, entry->id, entry->text_of(answer), entry->retention}, now);
}

} // namespace otpd::store::engine
