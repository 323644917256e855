#pragma once

/// The verifications of a number: how many there are, what ends them, and what is told of them.

#include "otpd/store/admission.hpp"
#include "otpd/store/verification.hpp"
#include "state/number_state.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace otpd::store::engine {

/// Of one client and number, whatever its scopes. The oldest that are over go first; live ones
/// never.
inline constexpr std::size_t verifications_max = 32;
/// Over all of them. Those of one are bounded by events_max, and twice that for what is listed in
/// any case.
inline constexpr std::size_t number_events_max = 256;

/// How long the scope's last send may still be on its way; nothing when none is.
[[nodiscard]] std::optional<duration> in_flight_for(state::number_state const& state,
                                                    std::string_view scope, store_time now);
/// Whether one more can be kept.
[[nodiscard]] bool has_place(state::number_state const& state, std::string_view scope) noexcept;
/// Writes the code of an admission, and ends what it replaces.
void add_verification(state::number_state& state, admission const& request, store_time now);
/// Makes room where there are too many events; what is not over stays.
void bound_events(state::number_state& state);

/// Those whose code can be verified, in the order of their admission. Valid until the list changes.
[[nodiscard]] std::vector<state::verification_state*> live_codes_of(state::number_state& state,
                                                                    std::string_view scope);

void end_code(state::verification_state& verification, progress how, event_type why,
              store_time now);

// --- events -------------------------------------------------------------------------------------

[[nodiscard]] bool lists_more(state::verification_state const& verification) noexcept;
/// One that is left out when there are enough.
void list_event(state::verification_state& verification, event_type type, store_time at,
                std::string_view details = {});
/// One that is listed in any case.
void add_event(state::verification_state& verification, event_type type, store_time at,
               std::string_view details = {});
/// Of a settlement.
void list_notes(state::verification_state& verification, std::vector<note> const& notes,
                store_time now);
/// Of another reservation.
void add_notes(state::verification_state& verification, std::vector<note> const& notes,
               store_time now);

/// As callers see it.
[[nodiscard]] verification shown(state::verification_state const& verification, store_time now);

} // namespace otpd::store::engine
