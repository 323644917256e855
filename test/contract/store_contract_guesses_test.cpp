// Wrong guesses: the attempts of a code, the budget of a number, guesses with and without the id,
// and pauses.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

guess_budget budget_of(std::uint32_t quota, std::uint32_t of_ids = 0) {
    return guess_budget{quota, one_day, of_ids};
}

/// Pauses from the second wrong guess on: 10, 20, 40, 40, ... seconds.
guess_budget waiting_budget() {
    return guess_budget{20, one_day, 0, 0, 2, 10 * one_second, 40 * one_second};
}

/// Bounds failures in a row; its other bounds are out of reach.
guess_budget consecutive_budget(std::uint32_t most) {
    auto budget = budget_of(20, 10);
    budget.of_devices = 10;
    budget.consecutive_max = most;
    return budget;
}

constexpr device_hash some_device{std::byte{77}};

template <class Request>
Request on_some_device(Request request) {
    request.device = some_device;
    return request;
}

/// Makes the device known, with a send of its own.
void make_device_known(contract& s, std::uint32_t phone) {
    constexpr std::uint32_t id = 900;
    s.admitted(on_some_device(free_send_of(phone, 111, id)));
    s.verified(on_some_device(held_guess_of(phone, 111, id)));
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

STORE_TEST(attempts_of_requesters_are_counted_by_themselves) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t left = attempts_max; left-- > 0;)
        BOOST_TEST(s.wrong(by(1, guess_of(1, 222))).attempts_left == left);
    s.expect<exhausted>(s.check(by(1, guess_of(1, 111))));
    BOOST_TEST(s.wrong(by(2, guess_of(1, 222))).attempts_left == attempts_max - 1);
    s.verified(by(2, guess_of(1, 111)));
}

STORE_TEST(an_id_gives_a_requester_no_attempts_of_its_own) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t left = attempts_max; left-- > 0;)
        BOOST_TEST(
            s.wrong(left % 2 == 0 ? guess_of(1, 222) : held_guess_of(1, 222, 1)).attempts_left ==
            left);
    s.expect<exhausted>(s.check(guess_of(1, 111)));
    s.expect<exhausted>(s.check(held_guess_of(1, 111, 1)));
    BOOST_TEST(s.find(1, 1)->attempts == attempts_max);
}

// A guesser who knows only the number cannot use up the code of the user with the id.
STORE_TEST(fifty_wrong_guesses_without_the_id_leave_the_holders_right_code) {
    for (std::uint8_t const addresses : {std::uint8_t{1}, std::uint8_t{50}}) {
        contract s;
        s.admitted(send_of(1, 111, 1));
        auto const budget = budget_of(20, 10);
        for (std::uint8_t n = 0; n < 50; ++n) {
            auto guess = by(static_cast<std::uint8_t>(n % addresses), guess_of(1, 222));
            guess.guesses = budget;
            s.check(guess);
        }
        auto held = held_guess_of(1, 111, 1);
        held.guesses = budget;
        s.verified(held);
    }
}

STORE_TEST(exhausted_guesses_are_not_counted) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t n = 0; n < 2 * attempts_max; ++n)
        s.check(guess_of(1, 222));
    BOOST_TEST(s.find(1, 1)->attempts == attempts_max);
    BOOST_TEST(s.wrong(with(budget_of(20), by(1, guess_of(1, 222)))).attempts_left ==
               20 - attempts_max - 1);
}

STORE_TEST(a_resend_has_the_attempts_of_the_code_that_it_repeats) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    for (std::uint32_t n = 1; n < attempts_max; ++n)
        s.wrong(guess_of(1, 222));
    s.admitted(free_send_of(1, 111, 2));
    BOOST_TEST(s.wrong(guess_of(1, 222)).attempts_left == 0U);
    s.expect<exhausted>(s.check(guess_of(1, 111)));
}

STORE_TEST(another_code_has_attempts_of_its_own) {
    contract s;
    s.admitted(fresh_send_of(1, 111, 1));
    for (std::uint32_t n = 0; n < attempts_max; ++n)
        s.wrong(guess_of(1, 222));
    s.admitted(fresh_send_of(1, 111, 2));
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
        std::string const scope = sends % 2 == 0 ? "login" : "payment";
        auto send = send_of(1, 111, sends, scope);
        send.repeat.attempts_max = attempts_max;
        s.admitted(send);
        for (std::uint32_t i = 0; i < attempts_max; ++i)
            if (std::holds_alternative<wrong>(s.check(guess_of(1, 222, scope)))) ++evaluated;
        s.advance(cooldown_window + one_second);
    }
    BOOST_TEST(evaluated == guess_limit.quota);
    auto const answer = s.violation(send_of(1, 111, 99));
    BOOST_TEST(answer.counter == guesses_counter);
    BOOST_TEST((answer.retry_after > duration(0)));
    BOOST_TEST((answer.retry_after <= guess_limit.window + one_hour));
    s.advance(guess_limit.window + one_hour);
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
    BOOST_TEST((open.retry_after > ttl && open.retry_after <= budget.window + one_hour));
    s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 1))));
}

// The guess of an id does not depend on the others. After it, the id is locked like they are.
STORE_TEST(each_id_has_one_guess_beyond_the_budget) {
    contract s;
    auto const budget = budget_of(3, 2);
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 111, 2));
    s.admitted(free_send_of(1, 111, 3));
    for (std::uint32_t left = 3; left-- > 0;)
        BOOST_TEST(s.wrong(with(budget, by(1, guess_of(1, 222)))).attempts_left == left);
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    for (std::uint32_t id = 1; id <= 2; ++id) {
        BOOST_TEST(s.wrong(with(budget, held_guess_of(1, 222, id))).attempts_left == 0U);
        s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, id))));
    }
    s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 3)))); // there are two such guesses
}

STORE_TEST(the_guess_that_an_id_has_may_be_right) {
    contract s;
    auto const budget = budget_of(3, 2);
    s.admitted(send_of(1, 111, 1));
    for (int n = 0; n < 3; ++n)
        s.wrong(with(budget, guess_of(1, 222)));
    s.verified(with(budget, held_guess_of(1, 111, 1)));
}

// The guess is one of the common ones while some of those are left.
STORE_TEST(an_id_that_was_guessed_with_before_is_locked_with_the_others) {
    contract s;
    auto const budget = budget_of(3, 2);
    s.admitted(send_of(1, 111, 1));
    s.wrong(with(budget, held_guess_of(1, 222, 1)));
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 1))));
}

// While only the common guesses are used up, a new send brings an id with a guess of its own.
STORE_TEST(a_send_is_refused_once_the_guesses_of_ids_are_used_up_too) {
    contract s;
    auto const budget = budget_of(2, 1);
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

STORE_TEST(a_right_code_takes_back_the_guesses_of_its_requester) {
    contract s;
    auto const budget = budget_of(4, 1);
    s.admitted(free_send_of(1, 111, 1));
    s.wrong(with(budget, by(1, guess_of(1, 222))));
    s.wrong(with(budget, by(2, guess_of(1, 222))));
    s.wrong(with(budget, by(2, held_guess_of(1, 222, 1))));
    s.verified(with(budget, by(2, guess_of(1, 111))));
    s.admitted(free_send_of(1, 111, 2));
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left ==
               2U); // the guess of requester 1 stays counted
}

STORE_TEST(each_guess_is_counted_for_the_whole_window_and_a_part_of_it_at_most) {
    contract s;
    auto budget = budget_of(2);
    budget.window = 240 * one_second; // parts of 10 s
    auto send = send_of(1, 111, 1);
    send.ttl = send.retention = one_hour;
    s.admitted(send);
    s.wrong(with(budget, guess_of(1, 222)));
    s.advance(60 * one_second);
    s.wrong(with(budget, guess_of(1, 222)));
    auto const answer = s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST((answer.retry_after > 170 * one_second));
    BOOST_TEST((answer.retry_after <= 190 * one_second));
    s.advance(179 * one_second); // 239 s after the first
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.advance(12 * one_second); // the second still counts
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 0U);
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

// --- failures in a row --------------------------------------------------------------------------

// NIST SP 800-63B-4 3.2.2. Days pass between these guesses, so that the budget has forgotten each.
STORE_TEST(failures_in_a_row_lock_a_number_however_slow_they_are) {
    contract s;
    auto const budget = consecutive_budget(3);
    for (std::uint8_t n = 1; n <= 3; ++n) {
        s.admitted(free_send_of(1, 111, n));
        BOOST_TEST(s.wrong(with(budget, by(n, guess_of(1, 222)))).attempts_left == 3U - n);
        if (n < 3) s.advance(2 * one_day);
    }
    s.admitted(free_send_of(1, 111, 4)); // without that rule
    auto const answer = s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST((answer.retry_after > failure_memory - one_hour));
    BOOST_TEST((answer.retry_after <= failure_memory));
    s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 4)))); // also with an id
    auto send = free_send_of(1, 111, 5);
    send.guesses = budget;
    auto const refusal = s.violation(send);
    BOOST_TEST(refusal.counter == guesses_counter);
    BOOST_TEST((refusal.retry_after > failure_memory - one_hour));

    s.advance(failure_memory - one_hour);
    BOOST_TEST(s.violation(send).counter == guesses_counter);
    s.advance(one_hour + one_second);
    s.admitted(send);
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 2U);
}

STORE_TEST(a_success_ends_the_failures_in_a_row_of_all_requesters) {
    contract s;
    auto const budget = consecutive_budget(3);
    s.admitted(free_send_of(1, 111, 1));
    s.wrong(with(budget, by(1, guess_of(1, 222))));
    s.wrong(with(budget, by(2, guess_of(1, 222))));
    s.verified(with(budget, by(3, guess_of(1, 111))));
    s.admitted(free_send_of(1, 111, 2));
    BOOST_TEST(s.wrong(with(budget, by(1, guess_of(1, 222)))).attempts_left == 2U);
}

STORE_TEST(failures_in_a_row_are_counted_only_where_they_are_bounded) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    for (int n = 0; n < 3; ++n)
        s.wrong(with(budget_of(20, 10), guess_of(1, 222)));
    BOOST_TEST(s.wrong(with(consecutive_budget(3), guess_of(1, 222))).attempts_left == 2U);
}

STORE_TEST(failures_in_a_row_are_strangers_and_stop_strangers_alone) {
    contract s;
    auto const budget = consecutive_budget(2);
    make_device_known(s, 1);
    auto send = free_send_of(1, 111, 1);
    send.guesses = budget;
    s.admitted(send);
    send.id = id_of(2);
    s.admitted(on_some_device(send));
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, on_some_device(guess_of(1, 222)))); // does not count
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 0U);
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.expect<locked>(s.check(with(budget, on_some_device(held_guess_of(1, 111, 1)))));
    send.id = id_of(3);
    BOOST_TEST(s.violation(send).counter == guesses_counter);
    s.admitted(on_some_device(send));
    s.verified(with(budget, on_some_device(guess_of(1, 111))));
    send.id = id_of(4);
    s.admitted(send); // the success has ended them
}

STORE_TEST(parallel_guesses_never_pass_the_failures_in_a_row) {
    contract s;
    auto const budget = consecutive_budget(5);
    for (std::uint32_t id = 1; id <= 4; ++id)
        s.admitted(free_send_of(1, 111, id));
    auto const answers = s.in_parallel(400, [&](std::size_t i) {
        auto const id = static_cast<std::uint32_t>(1 + i % 4);
        return s.get().check_code(with(budget, held_guess_of(1, 222, id)));
    });
    BOOST_TEST(count_of<wrong>(answers) == 5U);
    BOOST_TEST(count_of<locked>(answers) == 395U);
}

// --- releases -----------------------------------------------------------------------------------

STORE_TEST(a_release_of_the_locks_forgets_guesses_pauses_and_failures_in_a_row) {
    contract s;
    auto budget = consecutive_budget(3);
    budget.wait_from = 1;
    budget.wait_base = budget.wait_max = 10 * one_second;
    auto send = free_send_of(1, 111, 1);
    send.ttl = send.retention = one_hour;
    s.admitted(send);
    for (std::uint8_t n = 1; n <= 3; ++n) {
        s.wrong(with(budget, by(n, guess_of(1, 222))));
        s.advance(11 * one_second);
    }
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    BOOST_TEST((s.release(1, release_part::locks) == released{3, 3, 0}));
    BOOST_TEST((s.release(1, release_part::locks) == released{}));
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 2U);
    s.expect<locked>(s.check(with(budget, guess_of(1, 111)))); // a pause
    s.release(1, release_part::locks);
    s.verified(with(budget, guess_of(1, 111)));
}

STORE_TEST(a_release_of_the_devices_makes_them_strangers) {
    contract s;
    auto const budget = consecutive_budget(1);
    make_device_known(s, 1);
    s.admitted(free_send_of(1, 111, 1));
    s.wrong(with(budget, guess_of(1, 222)));
    auto send = on_some_device(free_send_of(1, 111, 2));
    send.guesses = budget;
    BOOST_TEST((s.release(1, release_part::locks) == released{1, 1, 0}));
    s.wrong(with(budget, guess_of(1, 222)));
    s.admitted(send); // that leaves the devices
    BOOST_TEST((s.release(1, release_part::devices) == released{0, 0, 1}));
    BOOST_TEST((s.release(1, release_part::devices) == released{}));
    send.id = id_of(3);
    BOOST_TEST(s.violation(send).counter == guesses_counter); // this leaves the locks
}

STORE_TEST(a_release_is_of_one_number) {
    contract s;
    auto const budget = budget_of(1);
    for (std::uint32_t phone = 1; phone <= 2; ++phone) {
        s.admitted(free_send_of(phone, 111, phone));
        s.wrong(with(budget, guess_of(phone, 222)));
    }
    BOOST_TEST((s.release(1, release_part::locks) == released{1, 0, 0}));
    s.verified(with(budget, guess_of(1, 111)));
    s.expect<locked>(s.check(with(budget, guess_of(2, 111))));
    BOOST_TEST((s.release(3, release_part::locks) == released{}));
    BOOST_TEST((s.release(3, release_part::devices) == released{}));
}

STORE_TEST(a_release_leaves_the_attempts_at_a_code_and_the_cooldown) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    for (std::uint32_t n = 0; n < attempts_max; ++n)
        s.wrong(guess_of(1, 222));
    BOOST_TEST((s.release(1, release_part::locks) == released{attempts_max, 0, 0}));
    s.expect<exhausted>(s.check(guess_of(1, 111)));
    BOOST_TEST(s.violation(send_of(1, 111, 2)).counter == cooldown_counter);
    s.verified(by(2, guess_of(1, 111)));
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
    BOOST_TEST(s.find(1, 1)->attempts == 2U);
    s.advance(11 * one_second); // not prolonged
    BOOST_TEST(s.wrong(with(budget, guess_of(1, 222))).attempts_left == 17U);
}

STORE_TEST(all_wait_for_each_other_with_an_id_or_without) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const budget = waiting_budget();
    s.wrong(with(budget, by(1, guess_of(1, 222))));
    s.wrong(with(budget, held_guess_of(1, 222, 1))); // the second guess: 10 s for all
    for (auto const& guess : {guess_of(1, 111), by(1, guess_of(1, 111)), held_guess_of(1, 111, 1)})
        BOOST_TEST((s.expect<locked>(s.check(with(budget, guess))).retry_after <= 10 * one_second));
    s.advance(11 * one_second);
    s.verified(with(budget, guess_of(1, 111)));
}

STORE_TEST(the_first_guess_with_an_id_waits_for_nobody) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto budget = waiting_budget();
    budget.of_ids = 1;
    s.wrong(with(budget, guess_of(1, 222)));
    s.wrong(with(budget, guess_of(1, 222)));
    s.expect<locked>(s.check(with(budget, guess_of(1, 111))));
    s.wrong(with(budget, held_guess_of(1, 222, 1)));
    auto const after = s.expect<locked>(s.check(with(budget, held_guess_of(1, 111, 1))));
    BOOST_TEST((after.retry_after <= 10 * one_second)); // the guess of an id adds no pause
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
    auto limited = [&](check guess) {
        guess.rate_limit_checks = {price};
        return guess;
    };
    s.admitted(free_send_of(1, 111, 1));
    s.verified(limited(guess_of(1, 111)));              // free
    s.expect<absent>(s.check(limited(guess_of(9, 1)))); // one: it was a probe
    s.admitted(free_send_of(1, 111, 2));
    s.wrong(limited(guess_of(1, 222)));         // two
    s.wrong(limited(held_guess_of(1, 222, 2))); // not checked with an id
    s.wrong(limited(guess_of(1, 222)));         // three
    auto const answer = s.expect<refused>(s.check(limited(guess_of(1, 111))));
    BOOST_REQUIRE(answer.violations.size() == 1U);
    BOOST_TEST(answer.violations[0].counter == price.counter);
    BOOST_TEST((answer.violations[0].retry_after > duration(0)));
    s.expect<refused>(s.check(limited(guess_of(9, 1)))); // also if there is no code
    s.verified(limited(held_guess_of(1, 111, 2)));
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
    BOOST_TEST(s.find(1, 1)->attempts == 2U);
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

STORE_TEST(parallel_guesses_of_requesters_have_a_limit_each_and_one_together) {
    contract s;
    auto const budget = budget_of(12);
    s.admitted(send_of(1, 111, 1));
    auto const answers = s.in_parallel(400, [&](std::size_t i) {
        auto guess = by(static_cast<std::uint8_t>(i % 3), guess_of(1, 222));
        guess.guesses = budget;
        return s.get().check_code(guess);
    });
    BOOST_TEST(count_of<wrong>(answers) == 12U); // the three requesters have 15 attempts
}

STORE_TEST(parallel_guesses_with_ids_have_one_each) {
    contract s;
    auto const budget = budget_of(1, 3);
    for (std::uint32_t id = 1; id <= 4; ++id)
        s.admitted(free_send_of(1, 111, id));
    s.wrong(with(budget, guess_of(1, 222)));
    auto const answers = s.in_parallel(400, [&](std::size_t i) {
        auto const id = static_cast<std::uint32_t>(1 + i % 4);
        return s.get().check_code(with(budget, held_guess_of(1, 222, id)));
    });
    BOOST_TEST(count_of<wrong>(answers) == 3U);
    BOOST_TEST(count_of<locked>(answers) == 397U);
}

STORE_TEST(parallel_guesses_at_several_scopes_never_pass_the_budget) {
    contract s;
    auto const budget = budget_of(5);
    for (std::uint32_t n = 0; n < 4; ++n)
        s.admitted(free_send_of(1, 111, n, "scope" + std::to_string(n)));
    auto const answers = s.in_parallel(400, [&](std::size_t i) {
        return s.get().check_code(with(budget, guess_of(1, 222, "scope" + std::to_string(i % 4))));
    });
    BOOST_TEST(count_of<wrong>(answers) == 5U);
    BOOST_TEST(count_of<locked>(answers) == 395U);
}

BOOST_AUTO_TEST_SUITE_END()
