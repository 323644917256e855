#include "manual_clock.hpp"
#include "otpd/store/memory_store.hpp"
#include "redis_backend.hpp"
#include "sqlite_backend.hpp"
#include "store_contract.hpp"

#include <boost/test/unit_test.hpp>

#include <tuple>

using namespace otpd::store;
using namespace otpd::test;

namespace {

class memory_backend {
public:
    store& get() { return store_; }
    boost::asio::io_context& context() { return context_; }
    void advance(duration by) { clock_.advance(by); }

private:
    boost::asio::io_context context_;
    manual_clock clock_;
    memory_store store_{context_.get_executor(), clock_, memory_options{}};
};

using backends =
    std::tuple<contract<memory_backend>, contract<redis_backend>, contract<sqlite_backend>>;

constexpr duration one_second{1000};

} // namespace

#define STORE_TEST(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Contract, backends)

BOOST_AUTO_TEST_SUITE(store_contract)

STORE_TEST(a_right_code_is_accepted_once) {
    Contract s;
    s.template expect<admitted>(s.admit(send_of(1, 111, 1)));
    auto const answer = s.template expect<verified>(s.check(guess_of(1, 111)));
    BOOST_TEST((answer.id == verification(1)));
    s.template expect<absent>(s.check(guess_of(1, 111)));
}

STORE_TEST(a_code_belongs_to_its_number_and_purpose) {
    Contract s;
    s.admit(send_of(1, 111, 1, "login"));
    s.template expect<absent>(s.check(guess_of(2, 111, "login")));
    s.template expect<absent>(s.check(guess_of(1, 111, "payment")));
    s.template expect<verified>(s.check(guess_of(1, 111, "login")));
}

STORE_TEST(purposes_hold_codes_of_their_own) {
    Contract s;
    s.admit(send_of(1, 111, 1, "login"));
    s.advance(cooldown_window + one_second);
    s.admit(send_of(1, 222, 2, "payment"));
    BOOST_TEST(s.live_codes() == 2U);
    s.template expect<verified>(s.check(guess_of(1, 222, "payment")));
    s.template expect<verified>(s.check(guess_of(1, 111, "login")));
    BOOST_TEST(s.live_codes() == 0U);
}

STORE_TEST(a_code_dies_with_its_time) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    s.advance(ttl - one_second);
    s.template expect<wrong>(s.check(guess_of(1, 222)));
    s.advance(2 * one_second);
    s.template expect<absent>(s.check(guess_of(1, 111)));
}

STORE_TEST(a_resend_replaces_the_code) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    s.advance(cooldown_window + one_second);
    s.template expect<admitted>(s.admit(send_of(1, 222, 2)));
    s.template expect<wrong>(s.check(guess_of(1, 111)));
    BOOST_TEST((s.template expect<verified>(s.check(guess_of(1, 222))).id == verification(2)));
}

// Several keys may be live: the record is compared with the candidate under its own key only.
STORE_TEST(only_the_mac_under_the_records_key_counts) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto guess = guess_of(1, 111);
    guess.candidates = {mac(111, 2)};
    s.template expect<wrong>(s.check(guess));
    guess.candidates = {mac(999, 2), mac(111, 1)};
    s.template expect<verified>(s.check(guess));
}

STORE_TEST(a_given_id_must_be_the_records) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto guess = guess_of(1, 111);
    guess.id = verification(9);
    s.template expect<absent>(s.check(guess));
    guess.id = verification(1);
    s.template expect<verified>(s.check(guess));
}

STORE_TEST(attempts_count_down_to_0_and_stay_used_up) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    for (std::uint32_t left = attempts_max; left-- > 0;)
        BOOST_TEST(s.template expect<wrong>(s.check(guess_of(1, 222))).attempts_left == left);
    auto const answer = s.template expect<exhausted>(s.check(guess_of(1, 111)));
    BOOST_TEST((answer.retry_after > duration::zero() && answer.retry_after <= ttl));
    s.template expect<exhausted>(s.check(guess_of(1, 111)));
    s.advance(ttl + one_second);
    s.template expect<absent>(s.check(guess_of(1, 111)));
}

// A new code starts with its own attempts, but the number's guesses go on being counted across
// codes and purposes until they are used up; then even the right code is not looked at.
STORE_TEST(a_resend_never_refills_the_guesses_of_a_number) {
    Contract s;
    std::uint32_t evaluated = 0;
    std::uint32_t sends = 0;
    for (; sends < 10 && evaluated < guess_limit.quota; ++sends) {
        std::string const purpose = sends % 2 == 0 ? "login" : "payment";
        s.template expect<admitted>(s.admit(send_of(1, 111, sends, purpose)));
        for (std::uint32_t i = 0; i < attempts_max; ++i)
            if (std::holds_alternative<wrong>(s.check(guess_of(1, 222, purpose)))) ++evaluated;
        s.advance(cooldown_window + one_second);
    }
    BOOST_TEST(evaluated == guess_limit.quota);
    auto const answer = s.template expect<refused>(s.admit(send_of(1, 111, 99)));
    BOOST_REQUIRE(answer.violations.size() == 1U);
    BOOST_TEST(answer.violations[0].counter == guesses_counter);
    BOOST_TEST((answer.violations[0].retry_after > duration::zero()));
    BOOST_TEST((answer.violations[0].retry_after <= guess_limit.window));
    s.advance(guess_limit.window + one_second);
    s.template expect<admitted>(s.admit(send_of(1, 111, 100)));
}

STORE_TEST(a_locked_number_is_not_even_checked_with_the_right_code) {
    Contract s;
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    s.admit(send_of(1, 111, 1));
    BOOST_TEST(s.template expect<wrong>(s.check(guess)).attempts_left == 2U); // the number's, not 4
    s.template expect<wrong>(s.check(guess));
    BOOST_TEST(s.template expect<wrong>(s.check(guess)).attempts_left == 0U);
    guess.candidates = {mac(111)};
    BOOST_TEST((s.template expect<locked>(s.check(guess)).retry_after > ttl));
}

STORE_TEST(a_right_code_clears_the_guesses) {
    Contract s;
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    s.admit(send_of(1, 111, 1));
    s.check(guess);
    s.check(guess);
    s.template expect<verified>(s.check(guess_of(1, 111)));
    s.advance(cooldown_window + one_second);
    s.admit(send_of(1, 111, 2));
    BOOST_TEST(s.template expect<wrong>(s.check(guess)).attempts_left == 2U);
}

STORE_TEST(a_cooldown_outlives_success_exhaustion_and_expiry_of_the_code) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    s.template expect<verified>(s.check(guess_of(1, 111)));
    s.template expect<refused>(s.admit(send_of(1, 111, 2)));

    s.admit(send_of(2, 111, 3));
    for (std::uint32_t i = 0; i <= attempts_max; ++i)
        s.check(guess_of(2, 222));
    s.template expect<refused>(s.admit(send_of(2, 111, 4)));

    auto brief = send_of(3, 111, 5);
    brief.ttl = one_second;
    s.admit(brief);
    s.advance(3 * one_second);
    s.template expect<absent>(s.check(guess_of(3, 111)));
    s.template expect<refused>(s.admit(send_of(3, 111, 6)));
}

// The cooldown is the number's: another purpose does not get round it.
STORE_TEST(a_refused_admission_changes_nothing) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto const answer = s.template expect<refused>(s.admit(send_of(1, 222, 2, "payment")));
    BOOST_REQUIRE(answer.violations.size() == 1U);
    BOOST_TEST(answer.violations[0].counter == "cooldown");
    BOOST_TEST((answer.violations[0].retry_after > duration::zero()));
    BOOST_TEST((answer.violations[0].retry_after <= cooldown_window));
    s.template expect<refused>(s.admit(send_of(1, 222, 3)));
    BOOST_TEST(s.live_codes() == 1U);
    s.template expect<verified>(s.check(guess_of(1, 111))); // still the first code
    s.advance(cooldown_window + one_second);                // not prolonged by the refusals
    s.template expect<admitted>(s.admit(send_of(1, 333, 4)));
}

// All charges or none: what one counter would have admitted is not spent when another refuses.
STORE_TEST(charges_are_taken_together_or_not_at_all) {
    Contract s;
    charge const narrow{"narrow", 1, duration(100'000)};
    charge const wide{"wide", 3, duration(100'000)};
    auto send = [&](std::vector<charge> charges) {
        auto request = send_of(1, 111, 1);
        request.charges = std::move(charges);
        return s.admit(request);
    };
    s.template expect<admitted>(send({narrow, wide}));
    for (int i = 0; i < 5; ++i)
        s.template expect<refused>(send({narrow, wide}));
    s.template expect<admitted>(send({wide}));
    s.template expect<admitted>(send({wide}));
    auto const answer = s.template expect<refused>(send({narrow, wide}));
    BOOST_TEST(answer.violations.size() == 2U); // every violated counter is named
}

STORE_TEST(a_counter_regains_its_uses_evenly) {
    Contract s;
    auto request = send_of(1, 111, 1);
    request.charges = {charge{"c", 4, duration(40'000)}};
    for (int i = 0; i < 4; ++i)
        s.template expect<admitted>(s.admit(request));
    s.template expect<refused>(s.admit(request));
    s.advance(duration(11'000));
    s.template expect<admitted>(s.admit(request));
    s.template expect<refused>(s.admit(request));
}

STORE_TEST(an_accepted_send_keeps_its_receipt_for_the_verification) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto settlement = settlement_of(1, 1, send_result::accepted);
    receipt kept;
    kept.route_id = 3;
    kept.order_id = "22953";
    kept.bx_message_id = "BX-22953-c5f4f53431ed22c2";
    kept.cost = otpd::money::from_micros(87'000);
    settlement.accepted = kept;
    BOOST_TEST((s.settle(settlement) == settle_outcome::settled));
    auto const answer = s.template expect<verified>(s.check(guess_of(1, 111)));
    BOOST_REQUIRE(answer.sent.has_value());
    BOOST_TEST(answer.sent->route_id == 3);
    BOOST_TEST(answer.sent->order_id == kept.order_id);
    BOOST_TEST(answer.sent->bx_message_id == kept.bx_message_id);
    BOOST_TEST((answer.sent->cost == kept.cost));
}

STORE_TEST(a_code_can_be_verified_before_its_send_is_settled) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    s.template expect<verified>(s.check(guess_of(1, 111)));
    BOOST_TEST(
        (s.settle(settlement_of(1, 1, send_result::accepted)) == settle_outcome::superseded));
    s.template expect<absent>(s.check(guess_of(1, 111))); // not revived
}

STORE_TEST(a_refused_send_kills_the_code_and_gives_the_charges_back) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::settled));
    s.template expect<absent>(s.check(guess_of(1, 111)));
    BOOST_TEST(s.live_codes() == 0U);
    s.template expect<admitted>(s.admit(send_of(1, 222, 2)));
}

STORE_TEST(a_refused_send_leaves_a_back_off) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.back_off = charge{"cooldown", 1, duration(3000)};
    s.settle(settlement);
    auto const answer = s.template expect<refused>(s.admit(send_of(1, 222, 2)));
    BOOST_TEST((answer.violations[0].retry_after <= duration(3000)));
    s.advance(duration(4000));
    s.template expect<admitted>(s.admit(send_of(1, 222, 3)));
}

STORE_TEST(an_unknown_send_keeps_code_and_cooldown) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::unknown)) == settle_outcome::settled));
    s.template expect<refused>(s.admit(send_of(1, 222, 2)));
    s.template expect<verified>(s.check(guess_of(1, 111)));
}

// The reply to a send that took long may come after a newer send: it must not touch that one's code.
STORE_TEST(a_late_settlement_leaves_the_newer_code_alone) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    s.advance(cooldown_window + one_second);
    s.admit(send_of(1, 222, 2));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::superseded));
    s.template expect<refused>(s.admit(send_of(1, 333, 3))); // the newer cooldown stands
    s.template expect<verified>(s.check(guess_of(1, 222)));
}

STORE_TEST(a_failed_send_does_not_refill_the_guesses) {
    Contract s;
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    s.admit(send_of(1, 111, 1));
    s.check(guess);
    s.settle(settlement_of(1, 1, send_result::refused));
    s.admit(send_of(1, 111, 2));
    BOOST_TEST(s.template expect<wrong>(s.check(guess)).attempts_left == 1U);
}

STORE_TEST(answers_a_ping) {
    Contract s;
    BOOST_TEST(run(s.context(), s.get().ping()).has_value());
}

// R8, R26: of any number of parallel wrong guesses exactly attempts_max are evaluated.
STORE_TEST(parallel_wrong_guesses_never_pass_the_limit) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto const answers =
        s.in_parallel(1000, [&](std::size_t) { return s.get().check_code(guess_of(1, 222)); });
    BOOST_TEST(count_of<wrong>(answers) == attempts_max);
    BOOST_TEST(count_of<exhausted>(answers) == 1000 - attempts_max);
}

STORE_TEST(parallel_right_guesses_succeed_once) {
    Contract s;
    s.admit(send_of(1, 111, 1));
    auto const answers =
        s.in_parallel(200, [&](std::size_t) { return s.get().check_code(guess_of(1, 111)); });
    BOOST_TEST(count_of<verified>(answers) == 1U);
    BOOST_TEST(count_of<absent>(answers) == 199U);
}

STORE_TEST(parallel_sends_are_admitted_once) {
    Contract s;
    auto const answers = s.in_parallel(300, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        return s.get().admit(send_of(1, n, n));
    });
    BOOST_TEST(count_of<admitted>(answers) == 1U);
    BOOST_TEST(count_of<refused>(answers) == 299U);
}

STORE_TEST(parallel_admissions_take_exactly_the_quota) {
    for (std::uint32_t quota = 1; quota <= 5; ++quota) {
        Contract s;
        auto const answers = s.in_parallel(64, [&](std::size_t i) {
            auto request = send_of(1, 111, static_cast<std::uint32_t>(i));
            request.charges = {charge{"n", quota, duration(3'600'000)}};
            return s.get().admit(request);
        });
        BOOST_TEST(count_of<admitted>(answers) == quota);
        BOOST_TEST(count_of<refused>(answers) == 64 - quota);
    }
}

// Numbers do not disturb one another.
STORE_TEST(parallel_numbers_each_get_their_own) {
    Contract s;
    constexpr std::size_t numbers = 500;
    auto const sends = s.in_parallel(numbers, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        return s.get().admit(send_of(n, n, n));
    });
    BOOST_TEST(count_of<admitted>(sends) == numbers);
    auto const checks = s.in_parallel(numbers, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        return s.get().check_code(guess_of(n, n));
    });
    BOOST_TEST(count_of<verified>(checks) == numbers);
}

// An amount counts as that many uses; one that the quota can never hold is refused from the start.
STORE_TEST(a_charge_takes_its_amount) {
    Contract s;
    auto spend = [&](std::uint64_t amount) {
        auto request = send_of(1, 111, 1);
        request.charges = {charge{"money", 100, duration(1'000'000), amount}};
        return s.admit(request);
    };
    s.template expect<refused>(spend(101));
    s.template expect<admitted>(spend(60));
    s.template expect<refused>(spend(41));
    s.template expect<admitted>(spend(40));
    s.template expect<refused>(spend(1));
    s.advance(duration(11'000)); // 1% of the window and a second
    s.template expect<admitted>(spend(1));
    s.template expect<refused>(spend(40));
}

BOOST_AUTO_TEST_SUITE_END()
