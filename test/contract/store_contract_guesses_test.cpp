// Wrong guesses: the attempts of a code, the budget of a number, guesses with and without the id,
// and pauses.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

guess_budget budget_of(std::uint32_t quota, std::uint32_t reserve = 0) {
    return guess_budget{quota, one_day, reserve};
}

/// Pauses from the second wrong guess on: 10, 20, 40, 40, ... seconds.
guess_budget waiting_budget() {
    return guess_budget{20, one_day, 0, 2, 10 * one_second, 40 * one_second};
}

check with(guess_budget const& budget, check guess) {
    guess.guesses = budget;
    guess.attempts_max = 100; // these tests are about the number's budget
    return guess;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_guesses)

// --- attempts of a code -------------------------------------------------------------------------

STORE_TEST(attempts_count_down_to_0_and_stay_used_up) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t left = attempts_max; left-- > 0;)
        BOOST_TEST(s.wrong(guess_of(1, 222)).attempts_left == left);
    auto const answer = s.expect<exhausted>(s.check(guess_of(1, 111)));
    BOOST_TEST((answer.retry_after > duration(0) && answer.retry_after <= ttl));
    s.expect<exhausted>(s.check(guess_of(1, 111)));
    s.advance(ttl + one_second);
    s.expect<absent>(s.check(guess_of(1, 111)));
}

STORE_TEST(attempts_with_the_id_are_counted_by_themselves) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t left = attempts_max; left-- > 0;)
        BOOST_TEST(s.wrong(held_guess_of(1, 222, 1)).attempts_left == left);
    s.expect<exhausted>(s.check(held_guess_of(1, 111, 1)));
    BOOST_TEST(s.wrong(guess_of(1, 222)).attempts_left == attempts_max - 1);
    s.verified(guess_of(1, 111));
}

// A guesser who knows only the number cannot use up the code of the user with the id.
STORE_TEST(fifty_wrong_guesses_without_the_id_leave_the_holders_right_code) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const budget = budget_of(20, 10);
    for (int n = 0; n < 50; ++n) {
        auto guess = guess_of(1, 222);
        guess.guesses = budget;
        s.check(guess);
    }
    auto held = held_guess_of(1, 111, 1);
    held.guesses = budget;
    s.verified(held);
}

STORE_TEST(exhausted_guesses_are_not_counted) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t n = 0; n < 2 * attempts_max; ++n)
        s.check(guess_of(1, 222));
    BOOST_TEST(s.find(1, 1)->open_attempts == attempts_max);
    BOOST_TEST(s.wrong(with(budget_of(20), held_guess_of(1, 222, 1))).attempts_left ==
               20 - attempts_max - 1);
}

STORE_TEST(a_resend_has_attempts_of_its_own) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    for (std::uint32_t n = 0; n < attempts_max; ++n)
        s.wrong(guess_of(1, 222));
    s.admitted(free_send_of(1, 111, 2));
    BOOST_TEST(s.wrong(guess_of(1, 222)).attempts_left == attempts_max - 1);
}

// --- the number's budget ------------------------------------------------------------------------

// A new code starts with its own attempts. The number's guesses are counted across codes and scopes
// until they are used up; then even the right code is not evaluated.
STORE_TEST(a_resend_never_refills_the_guesses_of_a_number) {
    contract s;
    std::uint32_t evaluated = 0;
    std::uint32_t sends = 0;
    for (; sends < 10 && evaluated < guess_limit.quota; ++sends) {
        std::string const slot = sends % 2 == 0 ? "login" : "payment";
        s.admitted(send_of(1, 111, sends, slot));
        for (std::uint32_t i = 0; i < attempts_max; ++i)
            if (std::holds_alternative<wrong>(s.check(guess_of(1, 222, slot)))) ++evaluated;
        s.advance(cooldown_window + one_second);
    }
    BOOST_TEST(evaluated == guess_limit.quota);
    auto const answer = s.violation(send_of(1, 111, 99));
    BOOST_TEST(answer.counter == guesses_counter);
    BOOST_TEST((answer.retry_after > duration(0) && answer.retry_after <= guess_limit.window));
    s.advance(guess_limit.window + one_second);
    s.admitted(send_of(1, 111, 100));
}

STORE_TEST(a_locked_number_is_not_even_checked_with_the_right_code) {
    contract s;
    auto const budget = budget_of(3);
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 2U);
    s.wrong(with(budget, held_guess_of(1, 222, 1)));
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 0U);
    auto const open = s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST((open.retry_after > ttl && open.retry_after <= budget.window));
    s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 1))));
}

STORE_TEST(guesses_without_the_id_leave_the_reserve) {
    contract s;
    auto const budget = budget_of(5, 2);
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t left = 3; left-- > 0;)
        BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == left);
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST(s.wrong(with(budget, held_guess_of(1, 222, 1))).attempts_left == 1U);
    BOOST_TEST(s.wrong(with(budget, held_guess_of(1, 222, 1))).attempts_left == 0U);
    s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 1))));
}

// Guesses with the id also count for those without it: the number has one quota.
STORE_TEST(guesses_with_the_id_use_up_the_budget_of_those_without) {
    contract s;
    auto const budget = budget_of(5, 2);
    s.admitted(send_of(1, 111, 1));
    for (int n = 0; n < 4; ++n)
        s.wrong(with(budget, held_guess_of(1, 222, 1)));
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.verified(with(budget, held_guess_of(1, 111, 1)));
}

// Sends continue while only guesses without the id are locked.
STORE_TEST(a_send_is_refused_once_all_guesses_are_used_up) {
    contract s;
    auto const budget = budget_of(3, 1);
    auto send = free_send_of(1, 111, 1);
    send.guesses = budget;
    s.admitted(send);
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    send.id = id_of(2);
    s.admitted(send);
    s.wrong(with(budget, held_guess_of(1, 222, 2)));
    send.id = id_of(3);
    BOOST_TEST(s.violation(send).counter == guesses_counter);
}

STORE_TEST(a_right_code_clears_the_guesses) {
    contract s;
    auto const budget = budget_of(3);
    s.admitted(free_send_of(1, 111, 1));
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, held_guess_of(1, 222, 1)));
    s.verified(with(budget, guess_of(1, 111)));
    s.admitted(free_send_of(1, 111, 2));
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 2U);
}

STORE_TEST(the_guesses_die_a_window_after_the_last) {
    contract s;
    auto budget = budget_of(2);
    budget.window = 20 * one_second;
    s.admitted(send_of(1, 111, 1));
    s.wrong(with(budget, guess_of(1, 222)));
    s.advance(15 * one_second);
    s.wrong(with(budget, guess_of(1, 222)));
    s.advance(15 * one_second); // 30 s after the first, 15 s after the last one
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.advance(6 * one_second);
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 1U);
}

STORE_TEST(a_failed_send_does_not_refill_the_guesses) {
    contract s;
    auto const budget = budget_of(3);
    s.admitted(send_of(1, 111, 1));
    s.wrong(with(budget, guess_of(1, 222)));
    s.settle(settlement_of(1, 1, send_result::refused));
    s.admitted(send_of(1, 111, 2));
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 1U);
}

// --- waits --------------------------------------------------------------------------------------

STORE_TEST(each_wrong_guess_from_the_first_that_waits_doubles_the_wait) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const budget = waiting_budget();
    s.wrong(with(budget, guess_of(1, 222)));
    for (int const wait : {10, 20}) {
        s.wrong(with(budget, guess_of(1, 222))); // nothing to wait for before this one
        auto const answer = s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
        BOOST_TEST((answer.retry_after > (wait - 5) * one_second));
        BOOST_TEST((answer.retry_after <= wait * one_second));
        s.advance((wait + 1) * one_second);
    }
    s.verified(with(budget, guess_of(1, 111)));
}

STORE_TEST(a_wait_is_never_longer_than_the_longest) {
    contract s;
    auto send = send_of(1, 111, 1);
    send.ttl = one_hour;
    send.retention = one_hour;
    s.admitted(send);
    auto const budget = waiting_budget();
    for (int n = 0; n < 7; ++n) {
        s.wrong(with(budget, guess_of(1, 222)));
        s.advance(41 * one_second);
    }
    s.wrong(with(budget, guess_of(1, 222)));
    BOOST_TEST(
        (s.expect<locked>(s.check(with(budget, guess_of(1, 111)))).retry_after <= 40 * one_second));
}

STORE_TEST(a_guess_that_has_to_wait_is_not_counted) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const budget = waiting_budget();
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    for (int n = 0; n < 5; ++n)
        s.expect<locked>(s.check(with(budget, guess_of(1, 222))));
    BOOST_TEST(s.find(1, 1)->open_attempts == 2U);
    s.advance(11 * one_second); // not prolonged
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 17U);
}

STORE_TEST(the_holder_of_the_id_does_not_wait_for_those_without) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const budget = waiting_budget();
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.verified(with(budget, held_guess_of(1, 111, 1)));
}

STORE_TEST(those_without_the_id_wait_for_all) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const budget = waiting_budget();
    s.wrong(with(budget, held_guess_of(1, 222, 1)));
    s.wrong(with(budget, held_guess_of(1, 222, 1))); // the second guess: 10 s for both
    auto const held = s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 1))));
    BOOST_TEST((held.retry_after <= 10 * one_second));
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.advance(11 * one_second);
    s.wrong(with(budget, guess_of(1, 222))); // the third guess: 20 s for guesses without the id
    auto const open = s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST((open.retry_after > 10 * one_second && open.retry_after <= 20 * one_second));
    s.verified(with(budget, held_guess_of(1, 111, 1)));
}

// Guesses with the id have shorter pauses of their own, which do not end that of guesses without
// it.
STORE_TEST(a_guess_with_the_id_never_shortens_the_wait_of_those_without) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto budget = waiting_budget();
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    s.advance(11 * one_second);
    s.wrong(with(budget, guess_of(1, 222))); // 20 s
    budget.wait_from = 0;
    s.wrong(with(budget, held_guess_of(1, 222, 1)));
    auto const open = s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST((open.retry_after > 10 * one_second));
}

// A send checks only whether guesses are left.
STORE_TEST(a_send_does_not_wait_for_guesses) {
    contract s;
    auto const budget = waiting_budget();
    auto send = free_send_of(1, 111, 1);
    send.guesses = budget;
    s.admitted(send);
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    send.id = id_of(2);
    s.admitted(send);
}

// --- what guesses without an id cost ------------------------------------------------------------

STORE_TEST(who_guesses_without_an_id_pays_for_what_does_not_verify) {
    contract s;
    rate_limit_check const price{subject(everybody), "guesses_of_address", 3, one_hour};
    auto charged = [&](check guess) {
        guess.rate_limit_checks = {price};
        return guess;
    };
    s.admitted(free_send_of(1, 111, 1));
    s.verified(charged(guess_of(1, 111)));              // free
    s.expect<absent>(s.check(charged(guess_of(9, 1)))); // one: it was a probe
    s.admitted(free_send_of(1, 111, 2));
    s.wrong(charged(guess_of(1, 222)));         // two
    s.wrong(charged(held_guess_of(1, 222, 2))); // not checked with an id
    s.wrong(charged(guess_of(1, 222)));         // three
    auto const answer = s.expect<refused>(s.check(charged(guess_of(1, 111))));
    BOOST_REQUIRE(answer.violations.size() == 1U);
    BOOST_TEST(answer.violations[0].counter == price.counter);
    BOOST_TEST((answer.violations[0].retry_after > duration(0)));
    s.expect<refused>(s.check(charged(guess_of(9, 1)))); // also if there is no code
    s.verified(charged(held_guess_of(1, 111, 2)));
}

STORE_TEST(guesses_that_are_not_evaluated_cost_nothing) {
    contract s;
    rate_limit_check const price{subject(everybody), "guesses_of_address", 2, one_hour};
    auto guess = guess_of(1, 222);
    guess.guesses = budget_of(1);
    guess.rate_limit_checks = {price};
    s.admitted(send_of(1, 111, 1));
    s.wrong(guess);
    for (int n = 0; n < 5; ++n)
        s.expect<locked>(s.check(guess));
    guess.guesses = guess_limit;
    s.wrong(guess);
    s.expect<refused>(s.check(guess));
}

STORE_TEST(an_observed_price_refuses_no_guess) {
    contract s;
    auto guess = guess_of(1, 222);
    guess.rate_limit_checks = {
        rate_limit_check{subject(everybody), "guesses_of_address", 1, one_hour, 1, true}};
    s.admitted(send_of(1, 111, 1));
    s.wrong(guess);
    s.wrong(guess);
    BOOST_TEST(s.find(1, 1)->open_attempts == 2U);
}

// --- all at once --------------------------------------------------------------------------------

// Of any number of parallel wrong guesses, exactly attempts_max are evaluated.
STORE_TEST(parallel_wrong_guesses_never_pass_the_limit) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const answers =
        s.in_parallel(1000, [&](std::size_t) { return s.get().check_code(guess_of(1, 222)); });
    BOOST_TEST(count_of<wrong>(answers) == attempts_max);
    BOOST_TEST(count_of<exhausted>(answers) == 1000 - attempts_max);
}

STORE_TEST(parallel_guesses_with_and_without_the_id_have_a_limit_each) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const answers = s.in_parallel(400, [&](std::size_t i) {
        return s.get().check_code(i % 2 == 0 ? guess_of(1, 222) : held_guess_of(1, 222, 1));
    });
    BOOST_TEST(count_of<wrong>(answers) == 2 * attempts_max);
    BOOST_TEST(count_of<exhausted>(answers) == 400 - 2 * attempts_max);
}

STORE_TEST(parallel_guesses_at_several_slots_never_pass_the_budget) {
    contract s;
    auto const budget = budget_of(7, 2);
    for (std::uint32_t n = 0; n < 4; ++n)
        s.admitted(free_send_of(1, 111, n, "slot" + std::to_string(n)));
    auto const answers = s.in_parallel(400, [&](std::size_t i) {
        return s.get().check_code(with(budget, guess_of(1, 222, "slot" + std::to_string(i % 4))));
    });
    BOOST_TEST(count_of<wrong>(answers) == 5U);
    BOOST_TEST(count_of<locked>(answers) == 395U);
}

BOOST_AUTO_TEST_SUITE_END()
