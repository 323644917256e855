#pragma once

/// The verifications of a number: their maximum, what ends them, and the events that they list.

#include "engine/devices.hpp"
#include "otpd/store/admission.hpp"
#include "otpd/store/verification.hpp"
#include "state/number_state.hpp"

#include <boost/container/small_vector.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace otpd::store::engine {

/// Per client, number and class, over all scopes. The oldest ended ones are dropped first; live
/// ones never.
inline constexpr std::size_t verifications_max = 32;
/// Over all of them. The events of one verification are bounded by events_max, or twice that for
/// events that are always listed.
inline constexpr std::size_t number_events_max = 256;

/// How long the session's last send may still be in flight; nothing if none is.
[[nodiscard]] std::optional<duration>
in_flight_for(state::number_state const& state, state::session_key const& session, store_time now);
/// Whether one more fits.
[[nodiscard]] bool has_place(state::number_state const& state,
                             state::session_key const& session) noexcept;
/// How long the newest code can be verified of those that `who` asked for in this scope and has
/// attempts left at; 0 if there is none.
[[nodiscard]] duration own_code_end(state::number_state const& state, admission const& request,
                                    identity const& who, store_time now);
/// Whether the send repeats a code that is live, instead of beginning one.
[[nodiscard]] bool repeats_a_code(state::number_state const& state, admission const& request,
                                  identity const& who, store_time now);
/// Whether the code of a live verification ends with it: no other live one has the code.
[[nodiscard]] bool has_code_alone(state::number_state const& state,
                                  state::verification_state const& verification) noexcept;
/// Adds the verification of an admission and ends those that it replaces. Returns the code to send.
state::live_code const& add_verification(state::number_state& state, admission const& request,
                                         identity const& who, store_time now);
/// Drops the oldest ended verifications while there are too many events. Live ones stay.
void bound_events(state::number_state& state);

template <class Code>
using code_list = boost::container::small_vector<Code*, codes_max>;
/// The live codes of the session, in the order in which they began. Valid until the list changes.
[[nodiscard]] code_list<state::live_code> codes_of(state::number_state& state,
                                                   state::session_key const& session);
[[nodiscard]] code_list<state::live_code const> codes_of(state::number_state const& state,
                                                         state::session_key const& session);

/// Ends one verification. Its code stays valid while another verification has it.
void end_verification(state::verification_state& verification, progress how, event_type why,
                      store_time now);

/// After an unknown outcome: what becomes known later is booked once, so the verification is kept
/// as long as the entry of its message.
void keep_until_known(state::verification_state& verification, settlement const& request,
                      store_time now);

// --- events -------------------------------------------------------------------------------------

/// The time that callers see of an event which happened `after` the admission, and of one that is
/// listed now.
[[nodiscard]] wall_time time_of_event(state::verification_state const& verification,
                                      duration after) noexcept;
[[nodiscard]] wall_time time_of_event(state::verification_state const& verification,
                                      store_time now) noexcept;

[[nodiscard]] bool lists_more(state::verification_state const& verification) noexcept;
/// Lists an event unless there are enough.
void list_event(state::verification_state& verification, event_type type, store_time at,
                std::string_view details = {});
/// Lists an event in any case.
void add_event(state::verification_state& verification, event_type type, store_time at,
               std::string_view details = {});
/// Lists the notes of a settlement.
void list_notes(state::verification_state& verification, std::vector<note> const& notes,
                store_time now);
/// Lists the notes of another reservation.
void add_notes(state::verification_state& verification, std::vector<note> const& notes,
               store_time now);

/// The verification as callers see it.
[[nodiscard]] verification shown(state::number_state const& state,
                                 state::verification_state const& verification, store_time now);

} // namespace otpd::store::engine
