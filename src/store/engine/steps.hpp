#pragma once

/// The rules: every step as a function of states, request and time. No I/O, no waiting, no backend.
/// A step may run again on other states, so it must not consume its request.
///
/// Requests and answers are those of otpd/store/.

#include "engine/states.hpp"
#include "otpd/store/admission.hpp"
#include "otpd/store/budget.hpp"
#include "otpd/store/inspection.hpp"
#include "otpd/store/journal.hpp"
#include "otpd/store/overrides.hpp"
#include "otpd/store/shared_secrets.hpp"
#include "otpd/store/verification.hpp"

#include <boost/container/small_vector.hpp>

#include <optional>
#include <variant>
#include <vector>

namespace otpd::store::engine {

[[nodiscard]] admit_outcome admit(states& states, admission const& request, store_time now);
[[nodiscard]] settle_outcome settle(states& states, settlement const& request, store_time now);
[[nodiscard]] replace_outcome
replace_reservation(states& states, reservation_replacement const& request, store_time now);
[[nodiscard]] update_outcome update(states& states, delivery_update const& request, store_time now);
[[nodiscard]] check_outcome check_code(states& states, check const& request, store_time now);
[[nodiscard]] std::optional<verification> find(states& states, verification_address const& at,
                                               store_time now);
[[nodiscard]] cancel_outcome cancel(states& states, cancellation const& request, store_time now);
[[nodiscard]] released release_number(states& states, release const& request, store_time now);
[[nodiscard]] inspected inspect(states& states, inspection const& request, store_time now);
[[nodiscard]] std::vector<std::int64_t>
spent(states& states, std::vector<budget_key> const& budgets, store_time now);
[[nodiscard]] score_answer scores(states& states, score_read const& request, store_time now);
[[nodiscard]] agreement agree(states& states, shared_secrets const& secrets, store_time now);
[[nodiscard]] std::monostate write_journal(states& states, std::vector<journal_write> const& writes,
                                           store_time now);
[[nodiscard]] std::vector<journal_entry> read_journal(states& states, journal_page const& page,
                                                      store_time now);
[[nodiscard]] journals_held claim_journals(states& states, journal_claim const& request,
                                           store_time now);
[[nodiscard]] std::vector<destination_override>
overrides(states& states, override_read const& request, store_time now);
[[nodiscard]] override_outcome change_override(states& states, override_change const& request,
                                               store_time now);

// The states that a step may use. A backend reads or locks them before the step runs. Each is named
// once.

using key_list = boost::container::small_vector<state_key, 12>;

void list_keys(admission const& request, key_list& to);
void list_keys(settlement const& request, key_list& to);
void list_keys(reservation_replacement const& request, key_list& to);
void list_keys(delivery_update const& request, key_list& to);
void list_keys(check const& request, key_list& to);
void list_keys(verification_address const& at, key_list& to);
void list_keys(cancellation const& request, key_list& to);
void list_keys(release const& request, key_list& to);
void list_keys(inspection const& request, key_list& to);
void list_keys(std::vector<budget_key> const& budgets, key_list& to);
void list_keys(score_read const& request, key_list& to);
void list_keys(shared_secrets const& secrets, key_list& to);
void list_keys(std::vector<journal_write> const& writes, key_list& to);
void list_keys(journal_page const& page, key_list& to);
void list_keys(journal_claim const& request, key_list& to);
void list_keys(override_read const& request, key_list& to);
void list_keys(override_change const& request, key_list& to);

} // namespace otpd::store::engine
