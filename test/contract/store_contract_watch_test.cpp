// The share of verified codes of a prefix or a country, against pumped SMS. All of it goes by the hours and
// days of the store's clock, so each test begins with one.

#include "backends.hpp"
#include "watching.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(store_contract_watch)

// --- the budget of an hour --------------------------------------------------------------------------

STORE_TEST(sends_that_are_not_verified_have_a_budget) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(3));
    auto const answer = to.admits_only(3);
    BOOST_TEST(answer.counter == "pumping_prefix");
    BOOST_TEST(!answer.tripped);
    // until a moment after the hour's end: then a part of it is no longer in the last hour
    BOOST_TEST((answer.retry_after > one_hour / 2 && answer.retry_after < one_hour));
    s.admitted(free_send_of(1000, 111, 1000)); // where nothing is watched
}

STORE_TEST(what_was_verified_needs_no_budget) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(3));
    to.send_and_verify(10);
    to.send(3);
    to.verify();
    to.admits_only(1);
}

STORE_TEST(wrong_guesses_verify_nothing) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(1));
    to.send(1);
    auto guess = guess_of(1, 999);
    guess.watched = {subject(prefix)};
    s.wrong(guess);
    s.violation(to.next());
}

// Codes of before that are verified now give no credit for more than a budget.
STORE_TEST(more_verified_than_sent_is_no_credit) {
    contract s;
    s.begin_hour();
    for (std::uint32_t phone = 101; phone <= 105; ++phone) {
        s.admitted(free_send_of(phone, 111, phone));
        auto guess = guess_of(phone, 111);
        guess.watched = {subject(prefix)};
        s.verified(guess);
    }
    sender to(s, with_floor(2));
    to.admits_only(7); // five that are made up for, and the budget
}

STORE_TEST(the_hour_slides) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(4));
    to.admits_only(4);
    s.advance(one_hour); // nearly all four are still within an hour: three count in full
    to.admits_only(1);
    s.advance(one_hour / 2); // one of them, and the one of this hour
    to.admits_only(2);
    s.advance(3 * one_hour);
    to.admits_only(4);
}

STORE_TEST(a_refused_send_is_given_back) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(2));
    to.send(2);
    to.settle_refused();
    to.send(1);
    s.advance(one_hour);
    to.settle_refused(); // it is of the hour before
    to.admits_only(2);
}

STORE_TEST(a_watch_is_its_subjects_own) {
    contract s;
    s.begin_hour();
    sender first(s, std::vector{with_floor(1), with_floor(3, 0, country)});
    BOOST_TEST(first.admits_only(1).counter == "pumping_prefix");
    BOOST_TEST(first.admits_only(0).counter == "pumping_prefix");
    // what the prefix refused did not count for the country
    auto other = free_send_of(500, 111, 500);
    other.watches = {with_floor(3, 0, country)};
    s.admitted(other);
    other = free_send_of(501, 111, 501);
    other.watches = {with_floor(3, 0, country)};
    s.admitted(other);
    other.key.number = number(502);
    BOOST_TEST(s.violation(other).counter == "pumping_country");
}

STORE_TEST(watches_are_named_between_charges_and_guesses) {
    contract s;
    s.begin_hour();
    sender to(s, std::vector{with_floor(0), with_floor(0, 0, country)});
    auto request = to.next();
    request.charges = {charge{subject(everybody), "n", 1, one_day, 2}};
    auto const answer = s.expect<refused>(s.admit(request));
    BOOST_REQUIRE(answer.violations.size() == 3U);
    BOOST_TEST(answer.violations[0].counter == "n");
    BOOST_TEST(answer.violations[1].counter == "pumping_prefix");
    BOOST_TEST(answer.violations[2].counter == "pumping_country");
}

STORE_TEST(an_observed_watch_refuses_nothing_and_goes_on_counting) {
    contract s;
    s.begin_hour();
    auto rule = with_floor(1);
    rule.observed = true;
    sender to(s, rule);
    BOOST_TEST(s.admitted(to.next()).observed.empty());
    for (int n = 0; n < 2; ++n) {
        auto const answer = s.admitted(to.next());
        BOOST_REQUIRE(answer.observed.size() == 1U);
        BOOST_TEST(answer.observed[0].counter == "pumping_prefix");
    }
    auto request = free_send_of(500, 111, 500);
    request.watches = {with_floor(3)}; // three were counted
    s.violation(request);
}

STORE_TEST(parallel_sends_never_pass_the_budget) {
    contract s;
    s.begin_hour();
    auto const answers = s.in_parallel(64, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        auto request = free_send_of(n, n, n);
        request.watches = {with_floor(7)};
        return s.get().admit(std::move(request));
    });
    BOOST_TEST(count_of<admitted>(answers) == 7U);
    BOOST_TEST(count_of<refused>(answers) == 57U);
}

// --- the history of days ----------------------------------------------------------------------------

STORE_TEST(the_best_day_makes_a_larger_budget) {
    contract s;
    s.begin_day();
    sender to(s, with_floor(2, 50));
    to.send_and_verify(10);
    s.advance(2 * one_day); // a day later its last 24 hours would count as well
    to.admits_only(5);
    s.advance(11 * one_day); // the 13th day after it
    to.admits_only(5);
}

STORE_TEST(today_counts_as_a_day) {
    contract s;
    s.begin_day();
    sender to(s, with_floor(2, 50));
    to.send_and_verify(10);
    to.admits_only(5);
}

STORE_TEST(a_day_is_forgotten_after_two_weeks) {
    contract s;
    s.begin_day();
    sender to(s, with_floor(2, 50));
    to.send_and_verify(10);
    s.advance(10 * one_day);
    to.send_and_verify(6);
    s.advance(5 * one_day); // the first is 15 days ago
    to.admits_only(3);
    s.advance(10 * one_day);
    to.admits_only(2);
}

// 20 were verified within 24 hours, though no day had more than ten.
STORE_TEST(the_last_24_hours_count_as_well_as_days) {
    contract s;
    s.begin_day();
    sender to(s, with_floor(2, 50));
    to.send_and_verify(10);
    s.advance(one_day);
    to.send_and_verify(10);
    to.admits_only(9); // half of 10 and of what is left of the other 10: 9 in full
}

STORE_TEST(the_floor_is_the_least_budget) {
    contract s;
    s.begin_day();
    sender to(s, with_floor(4, 50));
    to.send_and_verify(3);
    to.admits_only(4);
}

// --- the breaker ------------------------------------------------------------------------------------

STORE_TEST(a_breaker_trips_once_and_blocks_for_its_time) {
    contract s;
    s.begin_hour();
    constexpr duration block = 12 * one_hour;
    sender to(s, with_breaker(block));
    auto const tripped = to.admits_only(4);
    BOOST_TEST(tripped.counter == "pumping_prefix");
    BOOST_TEST(tripped.tripped);
    BOOST_TEST((tripped.retry_after == block));
    auto const blocked = to.admits_only(0);
    BOOST_TEST(!blocked.tripped);
    BOOST_TEST((blocked.retry_after <= block && blocked.retry_after > block - one_hour));
    s.advance(block - one_hour);
    BOOST_TEST((to.admits_only(0).retry_after <= one_hour));
    s.advance(one_hour + one_second);
    to.send(4); // the hour of then is long over
}

STORE_TEST(enough_verified_codes_keep_the_breaker_from_tripping) {
    contract s;
    s.begin_hour();
    sender to(s, with_breaker(one_hour));
    to.send(4);
    to.verify(0);
    to.verify(1);
    to.send(1);
    BOOST_TEST(to.admits_only(0).tripped); // two of five
}

STORE_TEST(a_block_that_is_over_can_begin_again) {
    contract s;
    s.begin_hour();
    sender to(s, with_breaker(10 * one_second));
    BOOST_TEST(to.admits_only(4).tripped);
    s.advance(11 * one_second);
    BOOST_TEST(to.admits_only(0).tripped);
}

STORE_TEST(a_blocked_watch_is_unblocked_by_time_alone) {
    contract s;
    s.begin_hour();
    sender to(s, with_breaker(12 * one_hour));
    BOOST_TEST(to.admits_only(4).tripped);
    for (std::uint32_t phone = 1; phone <= 4; ++phone) {
        auto guess = guess_of(phone, 111);
        guess.watched = {subject(prefix)};
        s.verified(guess);
    }
    BOOST_TEST(!to.admits_only(0).tripped);
}

// The block is there for others although this send was refused for another reason as well.
STORE_TEST(a_breaker_trips_with_a_send_that_is_refused_anyway) {
    contract s;
    s.begin_hour();
    sender to(s, with_breaker(one_hour));
    to.send(4);
    auto request = to.next();
    request.charges = {charge{subject(everybody), "n", 1, one_day, 2}};
    auto const answer = s.expect<refused>(s.admit(request));
    BOOST_REQUIRE(answer.violations.size() == 2U);
    BOOST_TEST(answer.violations[0].counter == "n");
    BOOST_TEST(answer.violations[1].tripped);
    BOOST_TEST(!s.violation(to.next()).tripped);
}

STORE_TEST(an_observed_breaker_is_told_and_blocks_nothing) {
    contract s;
    s.begin_hour();
    auto rule = with_breaker(one_hour);
    rule.observed = true;
    sender to(s, rule);
    to.send(4);
    auto const first = s.admitted(to.next());
    BOOST_REQUIRE(first.observed.size() == 1U);
    BOOST_TEST(first.observed[0].tripped);
    BOOST_TEST((first.observed[0].retry_after == one_hour));
    auto const second = s.admitted(to.next());
    BOOST_REQUIRE(second.observed.size() == 1U);
    BOOST_TEST(!second.observed[0].tripped);
}

STORE_TEST(without_a_breaker_nothing_trips) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(20));
    BOOST_TEST(!to.admits_only(20).tripped);
}

BOOST_AUTO_TEST_SUITE_END()
