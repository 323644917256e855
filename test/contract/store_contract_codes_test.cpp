// The life of one code: verified, replaced, canceled, expired and forgotten. Also the outcome of
// its message.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(store_contract_codes)

STORE_TEST(a_right_code_is_accepted_once) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.advance(2 * one_second);
    auto const right = s.verified(guess_of(1, 111));
    BOOST_TEST((right.id == id_of(1)));
    BOOST_TEST((right.age >= 2 * one_second && right.age < 60 * one_second));
    s.expect<absent>(s.check(guess_of(1, 111)));
    s.expect<absent>(s.check(held_guess_of(1, 111, 1)));
}

STORE_TEST(a_code_belongs_to_its_number_and_scope) {
    contract s;
    s.admitted(send_of(1, 111, 1, "login"));
    s.expect<absent>(s.check(guess_of(2, 111, "login")));
    s.expect<absent>(s.check(guess_of(1, 111, "payment")));
    s.expect<absent>(s.check(held_guess_of(1, 111, 1, "payment")));
    s.verified(guess_of(1, 111, "login"));
}

STORE_TEST(scopes_have_their_own_codes) {
    contract s;
    s.admitted(send_of(1, 111, 1, "login"));
    s.advance(cooldown_window + one_second);
    s.admitted(send_of(1, 222, 2, "payment"));
    BOOST_TEST(s.live_codes() == 2U);
    s.verified(guess_of(1, 222, "payment"));
    s.verified(guess_of(1, 111, "login"));
    BOOST_TEST(s.live_codes() == 0U);
}

namespace {

std::string pay_bound_to(char const* what) {
    return std::string("pay") + binding_mark + what;
}

} // namespace

STORE_TEST(a_right_code_with_another_binding_is_a_wrong_guess) {
    contract s;
    s.admitted(free_send_of(1, 111, 1, pay_bound_to("a")));
    BOOST_TEST(s.wrong(guess_of(1, 111, pay_bound_to("b"))).attempts_left == 4U);
    BOOST_TEST(s.wrong(guess_of(1, 111, "pay")).attempts_left == 3U);
    auto const held = s.wrong(held_guess_of(1, 111, 1, pay_bound_to("b")));
    BOOST_TEST(held.attempts_left == 2U);
    BOOST_TEST((held.id == id_of(1)));
    s.expect<absent>(s.check(guess_of(1, 111, "payment"))); // another purpose
    s.expect<absent>(s.check(held_guess_of(1, 111, 2, pay_bound_to("b"))));
    BOOST_TEST((s.kinds(1, 1) == std::vector{event_type::admitted, event_type::wrong,
                                             event_type::wrong, event_type::wrong}));
    s.verified(guess_of(1, 111, pay_bound_to("a")));
    s.expect<absent>(s.check(guess_of(1, 111, pay_bound_to("b"))));
}

STORE_TEST(guesses_with_another_binding_use_the_attempts_up) {
    contract s;
    s.admitted(free_send_of(1, 111, 1, "pay"));
    for (std::uint32_t n = 1; n < attempts_max; ++n)
        s.wrong(guess_of(1, 111, pay_bound_to("a")));
    BOOST_TEST(s.wrong(guess_of(1, 111, pay_bound_to("a"))).is_last);
    s.expect<exhausted>(s.check(guess_of(1, 111, pay_bound_to("a"))));
    s.expect<exhausted>(s.check(guess_of(1, 111, "pay")));
}

STORE_TEST(bindings_have_their_own_codes_and_end_alone) {
    contract s;
    s.admitted(free_send_of(1, 111, 1, pay_bound_to("a")));
    BOOST_TEST((s.admitted(free_send_of(1, 222, 2, pay_bound_to("b"))).code == seed(222)));
    BOOST_TEST((s.admitted(free_send_of(1, 333, 3, pay_bound_to("a"))).code == seed(111)));
    s.wrong(guess_of(1, 111, pay_bound_to("b")));
    s.wrong(held_guess_of(1, 222, 1, pay_bound_to("b"))); // the code is right, the id is not
    s.verified(guess_of(1, 222, pay_bound_to("b")));
    s.wrong(guess_of(1, 222, pay_bound_to("b"))); // now at the codes of its sibling
    s.verified(guess_of(1, 111, pay_bound_to("a")));
}

// A resend repeats the code; its reference is its own.
STORE_TEST(a_reference_belongs_to_its_verification) {
    contract s;
    auto first = free_send_of(1, 111, 1);
    first.reference = "order-1";
    auto second = free_send_of(1, 222, 2);
    second.reference = std::string(reference_max, '~');
    s.admitted(first);
    s.admitted(second);
    s.admitted(free_send_of(1, 333, 3));
    BOOST_TEST(s.find(1, 1)->reference == first.reference);
    BOOST_TEST(s.find(1, 2)->reference == second.reference);
    BOOST_TEST(s.find(1, 3)->reference.empty());
    BOOST_TEST(s.wrong(held_guess_of(1, 999, 1)).reference == first.reference);
    BOOST_TEST(s.wrong(guess_of(1, 999)).reference.empty()); // of the newest
    BOOST_TEST(s.verified(held_guess_of(1, 111, 2)).reference == second.reference);
    BOOST_TEST(s.find(1, 1)->reference == first.reference);
}

STORE_TEST(a_code_dies_with_its_time) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.advance(ttl - one_second);
    s.wrong(guess_of(1, 222));
    s.advance(2 * one_second);
    s.expect<absent>(s.check(guess_of(1, 111)));
    s.expect<absent>(s.check(held_guess_of(1, 111, 1)));
    BOOST_TEST((s.state(1, 1) == progress::expired));
}

// It is a slip of the hand, or meant for a code of other settings.
STORE_TEST(a_guess_of_another_length_than_every_code_finds_none) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto guess = guess_of(1, 222);
    auto held = held_guess_of(1, 222, 1);
    guess.length = held.length = 5;
    s.expect<absent>(s.check(guess));
    s.expect<absent>(s.check(held));
    guess.length = 6;
    BOOST_TEST(s.wrong(guess).attempts_left == attempts_max - 1);

    auto longer = fresh_send_of(1, 333, 2);
    longer.code.length = 8;
    s.admitted(longer);
    guess.length = 8;
    BOOST_TEST(s.wrong(guess).attempts_left == attempts_max - 1); // at the new code
    auto right = guess_of(1, 111);
    right.length = 6;
    s.verified(right);
}

// Several keys may be live: a code belongs to the key that its seed names.
STORE_TEST(the_key_of_a_code_is_kept_with_it) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto guess = guess_of(1, 111);
    guess.is_code_of = typed(111, 2);
    s.wrong(guess);
    guess.is_code_of = typed(111, 1);
    s.verified(guess);
}

STORE_TEST(a_given_id_must_be_a_live_verification_of_the_scope) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.expect<absent>(s.check(held_guess_of(1, 111, 9)));
    s.verified(held_guess_of(1, 111, 1));
}

// --- resends ------------------------------------------------------------------------------------

// An attacker's verification is not `verified` when the owner of the number types the code.
STORE_TEST(without_an_id_the_newest_of_the_same_requester_is_verified_or_none) {
    for (std::uint8_t const who : {std::uint8_t{0}, std::uint8_t{1}}) {
        contract s;
        s.admitted(free_send_of(1, 111, 1));
        s.admitted(free_send_of(1, 111, 2));
        auto strangers = free_send_of(1, 111, 3);
        strangers.by[0] = std::byte{2};
        s.admitted(strangers);
        auto const right = s.verified(by(who, guess_of(1, 111)));
        BOOST_TEST(right.id.has_value() == (who == 0));
        if (right.id) BOOST_TEST((*right.id == id_of(2)));
        BOOST_TEST((s.state(1, 3) == progress::replaced));
        BOOST_TEST(s.live_codes() == 0U);
    }
}

// The code is right once, whichever message arrives and whichever id the guess names.
STORE_TEST(a_resend_repeats_the_code) {
    for (std::uint32_t const id : {0U, 1U, 2U}) {
        contract s;
        BOOST_TEST((s.admitted(send_of(1, 111, 1)).code == seed(111)));
        s.advance(cooldown_window + one_second);
        BOOST_TEST((s.admitted(send_of(1, 222, 2)).code == seed(111)));
        BOOST_TEST(s.live_codes() == 1U);
        s.wrong(guess_of(1, 222));
        BOOST_TEST((s.state(1, 1) == progress::pending));
        auto guess = guess_of(1, 111);
        if (id > 0) guess.id = id_of(id);
        BOOST_TEST((s.verified(guess).id == id_of(id > 0 ? id : 2U))); // without an id: the newest
        BOOST_TEST((s.state(1, 1) == (id == 1 ? progress::verified : progress::replaced)));
        BOOST_TEST((s.state(1, 2) == (id == 1 ? progress::replaced : progress::verified)));
        s.expect<absent>(s.check(guess_of(1, 111)));
        BOOST_TEST(s.live_codes() == 0U);
    }
}

STORE_TEST(a_resend_moves_the_end_of_the_code) {
    contract s;
    auto const first = s.admitted(send_of(1, 111, 1));
    BOOST_TEST((first.code_end == ttl));
    s.advance(ttl - 10 * one_second);
    BOOST_TEST((s.admitted(send_of(1, 222, 2)).code_end == ttl));
    s.advance(ttl - one_second);
    s.wrong(held_guess_of(1, 999, 1));
    s.advance(2 * one_second);
    s.expect<absent>(s.check(guess_of(1, 111)));
    BOOST_TEST((s.state(1, 1) == progress::expired));
}

STORE_TEST(no_code_lives_longer_than_the_longest) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.repeat.longest = 2 * ttl;
    s.admitted(request);
    for (std::uint32_t n = 2; n <= 3; ++n) {
        s.advance(ttl - 10 * one_second);
        request.id = id_of(n);
        auto const left = s.admitted(request).code_end;
        BOOST_TEST((left <= (n == 2 ? ttl : 20 * one_second)));
        BOOST_TEST((left > (n == 2 ? ttl : 20 * one_second) - 10 * one_second));
    }
    s.advance(21 * one_second);
    s.expect<absent>(s.check(guess_of(1, 111)));
}

STORE_TEST(a_resend_after_the_time_of_repeats_begins_another_code_and_both_live) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.repeat.repeated_for = 20 * one_second;
    s.admitted(request);
    s.advance(25 * one_second);
    request.id = id_of(2);
    request.code = seed(222);
    BOOST_TEST((s.admitted(request).code == seed(222)));
    BOOST_TEST(s.live_codes() == 2U);
    s.wrong(guess_of(1, 333));
    BOOST_TEST((s.verified(guess_of(1, 111)).id == id_of(2))); // the newest of the requester
    BOOST_TEST((s.state(1, 1) == progress::replaced));         // one success ends both
    s.expect<absent>(s.check(guess_of(1, 222)));
    BOOST_TEST(s.live_codes() == 0U);
}

STORE_TEST(a_guess_with_an_id_may_be_right_for_the_other_code) {
    contract s;
    s.admitted(fresh_send_of(1, 111, 1));
    s.admitted(fresh_send_of(1, 222, 2));
    BOOST_TEST((s.verified(held_guess_of(1, 111, 2)).id == id_of(2)));
    BOOST_TEST((s.state(1, 1) == progress::replaced));
}

STORE_TEST(of_more_than_two_codes_the_oldest_goes) {
    contract s;
    for (std::uint32_t n = 1; n <= codes_max + 1; ++n)
        s.admitted(fresh_send_of(1, 100 + n, n));
    BOOST_TEST(s.live_codes() == codes_max);
    BOOST_TEST((s.state(1, 1) == progress::replaced));
    s.wrong(guess_of(1, 101));
    s.verified(guess_of(1, 102));
}

STORE_TEST(two_codes_have_attempts_of_their_own_and_a_guess_counts_at_both) {
    contract s;
    s.admitted(fresh_send_of(1, 111, 1));
    BOOST_TEST(s.wrong(held_guess_of(1, 999, 1)).attempts_left == attempts_max - 1);
    s.admitted(fresh_send_of(1, 222, 2));
    BOOST_TEST(s.wrong(held_guess_of(1, 999, 2)).attempts_left == attempts_max - 1);
    BOOST_TEST(s.wrong(held_guess_of(1, 999, 1)).attempts_left == attempts_max - 2);
    BOOST_TEST(s.wrong(by(1, guess_of(1, 999))).attempts_left == attempts_max - 1);
    BOOST_TEST(s.find(1, 1)->attempts == 3U);
    BOOST_TEST(s.find(1, 2)->attempts == 2U);
}

STORE_TEST(a_resend_begins_another_code_where_no_attempts_are_left) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.repeat.attempts_max = attempts_max;
    s.admitted(request);
    for (std::uint32_t n = 0; n < attempts_max; ++n)
        s.wrong(guess_of(1, 999));
    request.id = id_of(2);
    request.code = seed(222);
    BOOST_TEST((s.admitted(request).code == seed(222)));
    s.verified(guess_of(1, 222));
}

STORE_TEST(a_refused_resend_leaves_the_code_that_it_repeated) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2));
    BOOST_TEST((s.settle(settlement_of(1, 2, send_result::refused)) == settle_outcome::settled));
    BOOST_TEST(!s.find(1, 2).has_value());
    s.verified(held_guess_of(1, 111, 1));
}

STORE_TEST(a_refused_first_send_leaves_the_code_to_its_resend) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::settled));
    s.verified(held_guess_of(1, 111, 2));
}

// Nobody received the code of a refused send.
STORE_TEST(a_refused_send_is_not_repeated) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.settle(settlement_of(1, 1, send_result::refused));
    BOOST_TEST((s.admitted(free_send_of(1, 222, 2)).code == seed(222)));
    s.wrong(guess_of(1, 111));
    s.verified(guess_of(1, 222));
}

STORE_TEST(a_refused_send_does_not_bring_back_the_code_that_gave_way) {
    contract s;
    s.admitted(fresh_send_of(1, 111, 1));
    s.admitted(fresh_send_of(1, 222, 2));
    s.admitted(fresh_send_of(1, 333, 3));
    BOOST_TEST((s.settle(settlement_of(1, 3, send_result::refused)) == settle_outcome::settled));
    s.wrong(guess_of(1, 111));
    BOOST_TEST((s.state(1, 1) == progress::replaced));
    s.verified(guess_of(1, 222));
}

// The message of the other verification also holds the code.
STORE_TEST(a_cancellation_ends_its_own_verification_and_leaves_the_code_to_others) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2));
    BOOST_TEST((s.cancel(1, 1) == cancel_outcome::canceled));
    s.expect<absent>(s.check(held_guess_of(1, 111, 1)));
    BOOST_TEST(s.live_codes() == 1U);
    BOOST_TEST((s.verified(guess_of(1, 111)).id == id_of(2)));
    BOOST_TEST((s.state(1, 1) == progress::canceled));
}

STORE_TEST(a_code_ends_with_the_last_verification_that_is_canceled) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2));
    s.cancel(1, 2);
    s.cancel(1, 1);
    BOOST_TEST(s.live_codes() == 0U);
    s.expect<absent>(s.check(guess_of(1, 111)));
    BOOST_TEST((s.admitted(free_send_of(1, 333, 3)).code == seed(333)));
}

// Otherwise endless sends would let the state of a number grow. The code of the oldest message
// stays valid.
STORE_TEST(of_more_than_the_open_verifications_the_oldest_goes) {
    contract s;
    for (std::uint32_t n = 1; n <= open_max + 1; ++n)
        s.admitted(free_send_of(1, 111, n));
    BOOST_TEST((s.state(1, 1) == progress::replaced));
    BOOST_TEST((s.state(1, 2) == progress::pending));
    s.verified(guess_of(1, 111));
}

// --- settlement ---------------------------------------------------------------------------------

STORE_TEST(an_accepted_send_keeps_its_receipt) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST((s.settle(accepted_settlement(1, 1)) == settle_outcome::settled));
    auto const before = s.find(1, 1);
    BOOST_REQUIRE(before.has_value());
    BOOST_TEST((before->state == progress::active));
    BOOST_TEST((before->message == delivery::accepted));
    BOOST_TEST((before->sent == some_receipt()));
    BOOST_TEST((s.verified(guess_of(1, 111)).sent == some_receipt()));
    BOOST_TEST((s.find(1, 1)->sent == some_receipt())); // also after the verification
}

STORE_TEST(a_receipt_may_lack_all_but_its_route) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto settlement = settlement_of(1, 1, send_result::accepted);
    settlement.accepted = receipt{7, "", "", std::nullopt};
    s.settle(settlement);
    BOOST_TEST((s.find(1, 1)->sent == settlement.accepted));
}

STORE_TEST(a_code_can_be_verified_before_its_send_is_settled) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST(!s.verified(guess_of(1, 111)).sent.has_value());
    BOOST_TEST((s.settle(accepted_settlement(1, 1)) == settle_outcome::settled));
    s.expect<absent>(s.check(guess_of(1, 111))); // not revived
    auto const found = s.find(1, 1);
    BOOST_TEST((found->state == progress::verified));
    BOOST_TEST((found->message == delivery::accepted));
    BOOST_TEST((found->sent == some_receipt()));
}

STORE_TEST(a_refused_send_leaves_no_trace) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::settled));
    s.expect<absent>(s.check(guess_of(1, 111)));
    BOOST_TEST(!s.find(1, 1).has_value());
    BOOST_TEST(s.live_codes() == 0U);
    s.admitted(send_of(1, 222, 2));
}

STORE_TEST(an_unknown_send_keeps_code_and_cooldown) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::unknown)) == settle_outcome::settled));
    auto const found = s.find(1, 1);
    BOOST_TEST((found->state == progress::active));
    BOOST_TEST((found->message == delivery::unknown));
    s.expect<refused>(s.admit(send_of(1, 222, 2)));
    s.verified(guess_of(1, 111));
}

// The reply to a slow send may arrive after a newer send. It must not affect the newer send's code,
// nor its own code, which was repeated.
STORE_TEST(a_late_refusal_leaves_the_newer_send_alone) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.advance(cooldown_window + one_second);
    s.admitted(send_of(1, 222, 2));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::settled));
    s.expect<refused>(s.admit(send_of(1, 333, 3))); // the newer cooldown holds
    s.verified(held_guess_of(1, 111, 2));
}

STORE_TEST(a_late_acceptance_is_kept_with_the_code_that_gave_way) {
    contract s;
    s.admitted(fresh_send_of(1, 111, 1));
    s.admitted(fresh_send_of(1, 222, 2));
    s.admitted(fresh_send_of(1, 333, 3));
    BOOST_TEST((s.settle(accepted_settlement(1, 1)) == settle_outcome::settled));
    auto const found = s.find(1, 1);
    BOOST_TEST((found->state == progress::replaced));
    BOOST_TEST((found->sent == some_receipt()));
    BOOST_TEST((s.find(1, 2)->message == delivery::queued));
}

STORE_TEST(what_is_not_there_cannot_be_settled) {
    contract s;
    for (auto result : {send_result::accepted, send_result::refused, send_result::unknown})
        BOOST_TEST((s.settle(settlement_of(1, 1, result)) == settle_outcome::superseded));
    BOOST_TEST(!s.find(1, 1).has_value());
    s.admitted(send_of(1, 111, 1)); // it left no pause
}

// --- find and cancel ----------------------------------------------------------------------------

STORE_TEST(times_are_the_same_whenever_they_are_read) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.settle(accepted_settlement(1, 1));
    auto const first = s.find(1, 1).value();
    for (int n = 0; n < 20; ++n) {
        s.advance(duration(137));
        auto const again = s.find(1, 1).value();
        BOOST_TEST((again.admitted_at == first.admitted_at));
        BOOST_REQUIRE(again.events.size() == 2U);
        for (std::size_t it = 0; it < 2; ++it)
            BOOST_TEST((again.events[it].at == first.events[it].at));
    }
}

STORE_TEST(a_verification_can_be_found_with_all_that_happened) {
    contract s;
    s.admitted(send_of(1, 111, 1, "app:login"));
    s.advance(2 * one_second);
    s.settle(accepted_settlement(1, 1));
    s.wrong(guess_of(1, 999, "app:login"));
    s.wrong(held_guess_of(1, 999, 1, "app:login"));
    auto const found = s.find(1, 1);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST((found->id == id_of(1)));
    BOOST_TEST(found->scope == "app:login");
    BOOST_TEST((found->age >= 2 * one_second && found->age < 60 * one_second));
    BOOST_TEST((found->expires_in > duration(0) && found->expires_in <= ttl - 2 * one_second));
    BOOST_TEST(found->attempts == 2U);
    BOOST_REQUIRE(found->events.size() == 4U);
    BOOST_TEST((found->events[0].at == found->admitted_at));
    BOOST_TEST((found->events[1].at - found->events[0].at >= 2 * one_second));
    s.verified(guess_of(1, 111, "app:login"));
    std::vector const expected{event_type::admitted, event_type::accepted, event_type::wrong,
                               event_type::wrong, event_type::verified};
    BOOST_TEST((s.kinds(1, 1) == expected));
}

STORE_TEST(only_the_first_wrong_guesses_are_listed) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto guess = guess_of(1, 999);
    guess.attempts_max = 100;
    guess.guesses.quota = 100;
    for (std::uint32_t n = 0; n < 40; ++n)
        s.wrong(guess);
    auto const found = s.find(1, 1);
    BOOST_TEST(found->events.size() == events_max);
    BOOST_TEST(found->attempts == 40U);
}

STORE_TEST(a_wrong_guess_returns_what_was_guessed_at) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2));
    BOOST_TEST((s.wrong(guess_of(1, 999)).id == id_of(2))); // the newest one
    BOOST_TEST((s.wrong(held_guess_of(1, 999, 1)).id == id_of(1)));
}

// A guess without an id does not name one of the messages.
STORE_TEST(a_wrong_guess_is_listed_once_with_the_newest_or_its_own) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2));
    s.wrong(guess_of(1, 999));
    BOOST_TEST(s.find(1, 1)->events.size() == 1U);
    BOOST_TEST(s.find(1, 2)->events.size() == 2U);
    s.wrong(held_guess_of(1, 999, 1));
    BOOST_TEST(s.find(1, 1)->events.size() == 2U);
    BOOST_TEST(s.find(1, 2)->events.size() == 2U);
}

STORE_TEST(a_verification_is_kept_until_it_is_forgotten) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.verified(guess_of(1, 111));
    s.admitted(send_of(2, 111, 2));
    s.advance(retention_of_sends - one_second);
    BOOST_TEST((s.state(1, 1) == progress::verified));
    auto const second = s.find(2, 2);
    BOOST_TEST((second->state == progress::expired));
    BOOST_TEST((second->expires_in == duration(0)));
    s.advance(2 * one_second);
    BOOST_TEST(!s.find(1, 1).has_value());
    BOOST_TEST(!s.find(2, 2).has_value());
    BOOST_TEST((s.settle(accepted_settlement(2, 2)) == settle_outcome::superseded));
}

STORE_TEST(a_canceled_code_never_verifies) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST((s.cancel(1, 1) == cancel_outcome::canceled));
    s.expect<absent>(s.check(guess_of(1, 111)));
    BOOST_TEST((s.cancel(1, 1) == cancel_outcome::ended));
    BOOST_TEST(s.live_codes() == 0U);
    std::vector const expected{event_type::admitted, event_type::canceled};
    BOOST_TEST((s.kinds(1, 1) == expected));
    s.expect<refused>(s.admit(send_of(1, 222, 2))); // its pause remains
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::superseded));
    BOOST_TEST((s.state(1, 1) == progress::canceled));
}

STORE_TEST(a_cancellation_ends_one_code_of_two) {
    contract s;
    s.admitted(fresh_send_of(1, 111, 1));
    s.admitted(fresh_send_of(1, 222, 2));
    BOOST_TEST((s.cancel(1, 2) == cancel_outcome::canceled));
    s.wrong(guess_of(1, 222));
    s.verified(guess_of(1, 111));
    BOOST_TEST((s.state(1, 2) == progress::canceled));
}

STORE_TEST(what_is_over_cannot_be_canceled) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.verified(guess_of(1, 111));
    BOOST_TEST((s.cancel(1, 1) == cancel_outcome::ended));
    s.admitted(send_of(2, 111, 2));
    s.advance(ttl + one_second);
    BOOST_TEST((s.cancel(2, 2) == cancel_outcome::ended));
    BOOST_TEST((s.state(2, 2) == progress::expired));
    BOOST_TEST((s.cancel(3, 3) == cancel_outcome::absent));
}

STORE_TEST(a_scope_of_somebody_else_is_absent_to_a_cancellation) {
    contract s;
    s.admitted(send_of(1, 111, 1, "shop:login"));
    BOOST_TEST((s.cancel(1, 1, "bank:") == cancel_outcome::absent));
    BOOST_TEST((s.cancel(1, 1, "shop:login:x") == cancel_outcome::absent));
    s.wrong(guess_of(1, 999, "shop:login"));
    BOOST_TEST((s.cancel(1, 1, "shop:") == cancel_outcome::canceled));
}

STORE_TEST(live_codes_are_those_that_can_be_verified) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.admitted(send_of(2, 111, 2));
    s.admitted(send_of(3, 111, 3));
    BOOST_TEST(s.live_codes() == 3U);
    s.cancel(1, 1);
    s.verified(guess_of(2, 111));
    BOOST_TEST(s.live_codes() == 1U);
}

STORE_TEST(answers_a_ping) {
    contract s;
    BOOST_TEST(run(s.context(), s.get().ping()).has_value());
}

STORE_TEST(parallel_right_guesses_succeed_once) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto const answers =
        s.in_parallel(200, [&](std::size_t) { return s.get().check_code(guess_of(1, 111)); });
    BOOST_TEST(count_of<verified>(answers) == 1U);
    BOOST_TEST(count_of<absent>(answers) == 199U);
}

// Numbers do not affect one another.
STORE_TEST(parallel_numbers_each_get_their_own) {
    contract s;
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

BOOST_AUTO_TEST_SUITE_END()
