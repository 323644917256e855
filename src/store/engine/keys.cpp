#include "engine/steps.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

void add(key_list& to, state_key const& key) {
    if (std::ranges::find(to, key) == to.end()) to.push_back(key);
}

/// Limits that count by the number itself are a part of its state.
void add(key_list& to, std::vector<rate_limit_check> const& checks, number_key const& number) {
    for (auto const& check : checks)
        if (check.key != number) add(to, state::limit_state_key(check.key));
}

void add(key_list& to, std::vector<adjustment> const& changes) {
    for (auto const& change : changes)
        add(to, state::budget_state_key(change.budget));
}

void add(key_list& to, std::vector<reservation> const& amounts) {
    for (auto const& amount : amounts)
        add(to, state::budget_state_key(amount.budget));
}

void add(key_list& to, state::score_part part, score_slot const& slot) {
    add(to, state::score_state_key(part, slot));
}
void add_countries(key_list& to, std::int64_t hour) {
    add(to, state::score_part::countries, {{}, hour});
}

void add(key_list& to, std::vector<key_hash> const& guarded) {
    for (auto const& entry : guarded)
        add(to, state::limit_state_key(entry));
}

void add(key_list& to, std::optional<journal_write> const& entry) {
    if (entry) add(to, state::entry_state_key(entry->at));
}

template <class Answer>
void add(key_list& to, outbox_for<Answer> const& entry) {
    if (entry) add(to, state::entry_state_key(entry->at));
}

} // namespace

void list_keys(admission const& request, key_list& to) {
    add(to, state::number_state_key(request.key.number));
    if (request.idempotency) add(to, state::request_state_key(request.idempotency->key));
    add(to, request.rate_limit_checks, request.key.number);
    add(to, request.reservations);
    for (auto const& guard : request.guards)
        add(to, state::limit_state_key(guard.key));
    if (request.challenge) add(to, state::request_state_key(request.challenge->key));
    add(to, request.entry);
    add(to, request.outbox);
}

void list_keys(settlement const& request, key_list& to) {
    add(to, state::number_state_key(request.key.number));
    if (request.idempotency) add(to, state::request_state_key(request.idempotency->key));
    add(to, request.adjustments);
    if (request.unanswered) add(to, request.unanswered->adjustments);
    if (request.score) {
        add(to, state::limit_state_key(request.score->number));
        add_countries(to, request.score->slot.hour);
        add(to, state::score_part::counts, request.score->slot);
    }
    add(to, request.entry);
    add(to, request.outbox);
    if (request.result != send_result::refused) return;
    add(to, request.refund, request.key.number);
    add(to, request.guarded);
    if (request.challenge) add(to, state::request_state_key(*request.challenge));
}

void list_keys(reservation_replacement const& request, key_list& to) {
    add(to, state::number_state_key(request.address.number));
    add(to, request.refund);
    add(to, request.take);
    add(to, request.entry);
}

void list_keys(delivery_update const& request, key_list& to) {
    add(to, state::number_state_key(request.address.number));
    add(to, request.adjustments);
    if (!request.score) return;
    add(to, state::score_part::counts, request.score->slot);
    add(to, state::score_part::seconds, request.score->slot);
}

void list_keys(check const& request, key_list& to) {
    add(to, state::number_state_key(request.key.number));
    if (!request.id) add(to, request.rate_limit_checks, request.key.number);
    add(to, request.guarded);
    if (request.score) add(to, state::score_part::counts, *request.score);
    add(to, request.outbox);
}

void list_keys(verification_address const& at, key_list& to) {
    add(to, state::number_state_key(at.number));
}

void list_keys(cancellation const& request, key_list& to) {
    add(to, state::number_state_key(request.address.number));
    if (request.verified) add(to, state::score_part::counts, *request.verified);
}

void list_keys(release const& request, key_list& to) {
    add(to, state::number_state_key(request.number));
}

void list_keys(inspection const& request, key_list& to) {
    add(to, state::number_state_key(request.number));
    add(to, request.rate_limit_checks, request.number);
    for (auto const& guard : request.guards)
        add(to, state::limit_state_key(guard.key));
}

void list_keys(std::vector<budget_key> const& budgets, key_list& to) {
    for (auto const& budget : budgets)
        add(to, state::budget_state_key(budget));
}

void list_keys(score_read const& request, key_list& to) {
    for (auto const hour : request.hours)
        add_countries(to, hour);
    for (auto const& slot : request.slots) {
        add(to, state::score_part::counts, slot);
        add(to, state::score_part::seconds, slot);
    }
}

void list_keys(shared_secrets const&, key_list& to) {
    add(to, state::secrets_state_key());
}

void list_keys(std::vector<journal_write> const& writes, key_list& to) {
    for (auto const& write : writes)
        add(to, state::entry_state_key(write.at));
}

void list_keys(journal_page const& page, key_list& to) {
    for (auto slot = page.first; slot - page.first < page.count; ++slot)
        to.push_back(state::entry_state_key({page.journal, slot}));
}

void list_keys(journal_claim const&, key_list& to) {
    add(to, state::journals_state_key());
}

void list_keys(override_read const&, key_list& to) {
    add(to, state::overrides_state_key());
}

void list_keys(override_change const&, key_list& to) {
    add(to, state::overrides_state_key());
}

} // namespace otpd::store::engine
