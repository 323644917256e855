#pragma once

/// Stores that break one rule each on purpose: a simulation that cannot fail proves nothing.

#include "otpd/store/store.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace otpd::simulation {

enum class mutation : std::uint8_t {
    nothing,
    loses_a_wrong_guess,
    never_locks_a_number,
    never_waits_between_guesses,
    allows_one_more_attempt,
    takes_all_for_one_requester,
    forgets_devices,
    takes_strangers_for_owners,
    never_locks_devices,
    verifies_twice,
    verifies_after_cancel,
    never_repeats_a_code,
    repeats_a_code_for_ever,
    lives_a_second_longer,
    forgets_the_cooldown,
    never_doubles_the_cooldown,
    keeps_the_cooldown_of_a_refusal,
    doubles_a_quota,
    never_gives_charges_back,
    overspends_a_budget,
    refunds_twice,
    never_corrects_the_price,
    books_over_without_giving_back,
    takes_silence_for_no,
    corrects_with_each_report,
    forgets_the_idempotency_key,
    admits_two_at_a_time,
    never_guards,
    counts_no_typed_code,
    counts_a_refused_send,
    uses_a_challenge_for_ever,
    keeps_the_challenge_of_a_refusal,
    never_counts_in_a_row,
    unlocks_nothing,
    shrinks_the_delivery,
    hedges_twice,
    hedges_for_nothing,
    never_corrects_the_price_of_a_hedge,
    takes_reports_of_a_hedge_for_the_first,
    sends_twice,         ///< a mutation of the upstream's client, not of the store
    forgets_what_it_saw, ///< on a server that has lost writes; only in histories with such a
                         ///  server
};
struct named_mutation {
    mutation what;
    std::string_view name;
};
[[nodiscard]] std::vector<named_mutation> const& all_mutations();

/// Forwards everything to a good store, except for one rule.
class broken_store final : public store::store {
public:
    broken_store(store& good, mutation what) : good_(&good), what_(what) {}
    /// The good store was reopened.
    void use(store& good) noexcept { good_ = &good; }

    template <class T>
    using reply = boost::asio::awaitable<otpd::store::result<T>>;

    reply<otpd::store::admit_outcome> admit(otpd::store::admission request) override;
    reply<otpd::store::settle_outcome> settle(otpd::store::settlement request) override;
    reply<otpd::store::replace_outcome>
    replace_reservation(otpd::store::reservation_replacement request) override;
    reply<otpd::store::update_outcome> update(otpd::store::delivery_update request) override;
    reply<otpd::store::check_outcome> check_code(otpd::store::check request) override;
    reply<std::optional<otpd::store::verification>>
    find(otpd::store::verification_address at) override;
    reply<otpd::store::cancel_outcome> cancel(otpd::store::cancellation request) override;
    reply<otpd::store::released> release_number(otpd::store::release request) override;
    reply<otpd::store::inspected> inspect(otpd::store::inspection request) override {
        return good_->inspect(std::move(request));
    }
    reply<std::vector<std::int64_t>> spent(std::vector<otpd::store::budget_key> budgets) override;
    reply<otpd::store::score_answer> scores(otpd::store::score_read request) override {
        return good_->scores(std::move(request));
    }
    reply<std::uint64_t> live_codes() override { return good_->live_codes(); }
    reply<std::monostate> ping() override { return good_->ping(); }

private:
    [[nodiscard]] bool is(mutation which) const noexcept { return what_ == which; }

    store* good_;
    mutation what_;
    std::map<otpd::store::number_key, otpd::store::wrong> last_wrong_;
    std::map<otpd::store::number_key, otpd::store::verified> used_;
    std::map<otpd::store::number_key, otpd::store::device_hash> devices_; ///< the last ones
};

} // namespace otpd::simulation
