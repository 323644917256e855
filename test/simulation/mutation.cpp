#include "mutation.hpp"

#include <algorithm>
#include <limits>

namespace otpd::simulation {

namespace asio = boost::asio;
using namespace otpd::store; // NOLINT: this file is in its words

std::vector<named_mutation> const& all_mutations() {
    using enum mutation;
    static std::vector<named_mutation> const all{
        {loses_a_wrong_guess, "loses_a_wrong_guess"},
        {never_locks_a_number, "never_locks_a_number"},
        {never_waits_between_guesses, "never_waits_between_guesses"},
        {allows_one_more_attempt, "allows_one_more_attempt"},
        {takes_all_for_one_requester, "takes_all_for_one_requester"},
        {forgets_devices, "forgets_devices"},
        {takes_strangers_for_owners, "takes_strangers_for_owners"},
        {never_locks_devices, "never_locks_devices"},
        {verifies_twice, "verifies_twice"},
        {verifies_after_cancel, "verifies_after_cancel"},
        {never_repeats_a_code, "never_repeats_a_code"},
        {repeats_a_code_for_ever, "repeats_a_code_for_ever"},
        {lives_a_second_longer, "lives_a_second_longer"},
        {forgets_the_cooldown, "forgets_the_cooldown"},
        {never_doubles_the_cooldown, "never_doubles_the_cooldown"},
        {keeps_the_cooldown_of_a_refusal, "keeps_the_cooldown_of_a_refusal"},
        {doubles_a_quota, "doubles_a_quota"},
        {never_gives_charges_back, "never_gives_charges_back"},
        {overspends_a_budget, "overspends_a_budget"},
        {refunds_twice, "refunds_twice"},
        {never_corrects_the_price, "never_corrects_the_price"},
        {books_over_without_giving_back, "books_over_without_giving_back"},
        {takes_silence_for_no, "takes_silence_for_no"},
        {corrects_with_each_report, "corrects_with_each_report"},
        {forgets_the_idempotency_key, "forgets_the_idempotency_key"},
        {admits_two_at_a_time, "admits_two_at_a_time"},
        {never_guards, "never_guards"},
        {counts_no_typed_code, "counts_no_typed_code"},
        {counts_a_refused_send, "counts_a_refused_send"},
        {uses_a_challenge_for_ever, "uses_a_challenge_for_ever"},
        {keeps_the_challenge_of_a_refusal, "keeps_the_challenge_of_a_refusal"},
        {never_counts_in_a_row, "never_counts_in_a_row"},
        {unlocks_nothing, "unlocks_nothing"},
        {shrinks_the_delivery, "shrinks_the_delivery"},
        {hedges_twice, "hedges_twice"},
        {hedges_for_nothing, "hedges_for_nothing"},
        {never_corrects_the_price_of_a_hedge, "never_corrects_the_price_of_a_hedge"},
        {takes_reports_of_a_hedge_for_the_first, "takes_reports_of_a_hedge_for_the_first"},
        {sends_twice, "sends_twice"},
    };
    return all;
}

asio::awaitable<result<admit_outcome>> broken_store::admit(admission request) {
    if (is(mutation::forgets_the_cooldown)) request.cooldown = {};
    if (is(mutation::never_doubles_the_cooldown)) request.cooldown.longest = request.cooldown.base;
    if (is(mutation::doubles_a_quota) && !request.rate_limit_checks.empty())
        request.rate_limit_checks.back().quota *= 2;
    if (is(mutation::overspends_a_budget))
        for (auto& reservation : request.reservations)
            reservation.cap = std::numeric_limits<std::int64_t>::max();
    if (is(mutation::forgets_the_idempotency_key)) request.idempotency.reset();
    if (is(mutation::never_repeats_a_code)) request.repeat.repeated_for = duration(-1);
    if (is(mutation::repeats_a_code_for_ever)) request.repeat.repeated_for = request.ttl * 100;
    if (is(mutation::lives_a_second_longer)) request.ttl += duration(1000);
    if (is(mutation::admits_two_at_a_time)) request.lease = duration(0);
    if (is(mutation::never_locks_a_number)) request.guesses.quota += 1000;
    if (is(mutation::forgets_devices)) request.device.reset();
    if (is(mutation::never_locks_devices)) request.guesses.of_devices += 1000;
    if (is(mutation::never_guards)) request.guards.clear();
    if (is(mutation::uses_a_challenge_for_ever) && request.challenge)
        request.challenge->key = request.id;
    if (is(mutation::never_counts_in_a_row)) request.guesses.consecutive_max = 0;
    if (request.device) devices_[request.key.number] = *request.device;
    return good_->admit(std::move(request));
}

asio::awaitable<result<settle_outcome>> broken_store::settle(settlement request) {
    if (is(mutation::refunds_twice) && request.result == send_result::refused)
        for (auto& adjustment : request.adjustments)
            adjustment.change *= 2;
    if (is(mutation::never_corrects_the_price) && request.result == send_result::accepted)
        request.adjustments.clear();
    if (is(mutation::never_gives_charges_back)) request.refund.clear();
    if (is(mutation::counts_a_refused_send)) request.guarded.clear();
    if (is(mutation::keeps_the_challenge_of_a_refusal)) request.challenge.reset();
    if (is(mutation::takes_silence_for_no)) request.unanswered.reset();
    if (is(mutation::never_corrects_the_price_of_a_hedge) && request.is_hedge)
        request.adjustments.clear();
    if (is(mutation::keeps_the_cooldown_of_a_refusal)) request.cooldown = {};
    return good_->settle(std::move(request));
}

asio::awaitable<result<replace_outcome>>
broken_store::replace_reservation(reservation_replacement request) {
    if (is(mutation::books_over_without_giving_back)) request.refund.clear();
    bool const is_hedge = request.is_hedge;
    if (is(mutation::hedges_for_nothing) && is_hedge) request.take.clear();
    auto said = co_await good_->replace_reservation(std::move(request));
    if (is(mutation::hedges_twice) && is_hedge && said && std::holds_alternative<too_late>(*said))
        co_return reservation_replaced();
    co_return said;
}

asio::awaitable<result<update_outcome>> broken_store::update(delivery_update request) {
    auto changes = request.adjustments;
    if (is(mutation::takes_reports_of_a_hedge_for_the_first)) request.is_hedge = false;
    auto const said = co_await good_->update(std::move(request));
    if (!is(mutation::corrects_with_each_report) || !said || *said != update_outcome::known)
        co_return said;
    // Takes it for a send that does not exist.
    admission nobodys;
    nobodys.ttl = nobodys.retention = nobodys.lease = duration(1);
    nobodys.guesses.quota = 1;
    settlement again;
    again.result = send_result::refused;
    again.adjustments = std::move(changes);
    co_await good_->admit(std::move(nobodys));
    co_await good_->settle(std::move(again));
    co_return said;
}

asio::awaitable<result<check_outcome>> broken_store::check_code(check request) {
    auto const number = request.key.number;
    if (is(mutation::allows_one_more_attempt)) ++request.attempts_max;
    if (is(mutation::takes_all_for_one_requester)) request.by = {};
    if (is(mutation::never_locks_devices)) request.guesses.of_devices += 1000;
    if (is(mutation::takes_strangers_for_owners) && devices_.contains(number))
        request.device = devices_.at(number);
    if (is(mutation::never_locks_a_number)) request.guesses.quota += 1000;
    if (is(mutation::never_waits_between_guesses)) request.guesses.wait_from = 0;
    if (is(mutation::never_counts_in_a_row)) request.guesses.consecutive_max = 0;
    if (is(mutation::counts_no_typed_code)) request.guarded.clear();
    if (is(mutation::verifies_twice))
        if (auto const used = used_.find(number); used != used_.end()) co_return used->second;
    // Answers every other wrong guess without counting it.
    if (is(mutation::loses_a_wrong_guess))
        if (auto const before = last_wrong_.find(number);
            before != last_wrong_.end() && before->second.attempts_left > 0) {
            auto said = before->second;
            --said.attempts_left;
            last_wrong_.erase(before);
            co_return said;
        }
    auto const said = co_await good_->check_code(std::move(request));
    if (!said) co_return said;
    if (auto const* const right = std::get_if<verified>(&*said)) used_[number] = *right;
    if (auto const* const no = std::get_if<wrong>(&*said)) last_wrong_[number] = *no;
    co_return said;
}

asio::awaitable<result<std::optional<verification>>> broken_store::find(verification_address at) {
    auto said = co_await good_->find(at);
    if (is(mutation::shrinks_the_delivery) && said && *said)
        if ((*said)->message == delivery::delivered) (*said)->message = delivery::accepted;
    co_return said;
}

asio::awaitable<result<cancel_outcome>> broken_store::cancel(cancellation request) {
    if (!is(mutation::verifies_after_cancel)) co_return co_await good_->cancel(std::move(request));
    auto const found = co_await good_->find(request.address);
    if (!found || !*found || !(*found)->scope.starts_with(request.scope_prefix))
        co_return cancel_outcome::absent;
    bool const live = (*found)->expires_in > duration(0);
    co_return live ? cancel_outcome::canceled : cancel_outcome::ended;
}

asio::awaitable<result<released>> broken_store::release_number(release request) {
    if (is(mutation::unlocks_nothing)) request.what = release_part::devices;
    return good_->release_number(request);
}

asio::awaitable<result<std::vector<std::int64_t>>>
broken_store::spent(std::vector<budget_key> budgets) {
    return good_->spent(std::move(budgets));
}

} // namespace otpd::simulation
