// The conversion guard against SMS pumping. It counts by the hours of the store's clock, so each
// test begins at the start of an hour.

#include "backends.hpp"
#include "guarding.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(store_contract_guard)

STORE_TEST(so_many_codes_may_be_out) {
    contract s;
    s.begin_hour();
    sender to(s, guard_of(prefix, 3));
    auto const answer = to.admits_only(3);
    BOOST_TEST(answer.counter == "pumping_prefix");
    // until a moment after the end of the hour, when a part of it leaves the window
    BOOST_TEST((answer.retry_after > one_hour / 2 && answer.retry_after < one_hour));
    s.admitted(free_send_of(1000, 111, 1000)); // without a guard
}

STORE_TEST(a_typed_code_makes_room_for_itself_and_three_more) {
    contract s;
    s.begin_hour();
    sender to(s, guard_of(prefix, 3));
    to.admits_only(3);
    to.verify(1); // the last one was refused
    to.admits_only(4);
}

STORE_TEST(wrong_guesses_make_no_room) {
    contract s;
    s.begin_hour();
    sender to(s, guard_of(prefix, 1));
    to.send(1);
    auto guess = guess_of(1, 999);
    guess.guarded = {subject(prefix)};
    s.wrong(guess);
    s.violation(to.next());
}

STORE_TEST(the_hour_slides) {
    contract s;
    s.begin_hour();
    sender to(s, guard_of(prefix, 4));
    to.admits_only(4);
    s.advance(one_hour); // nearly all four are still within an hour, and three count in full
    to.admits_only(1);
    s.advance(one_hour / 2); // one of the three, and the one of this hour
    to.admits_only(2);
    s.advance(3 * one_hour);
    to.admits_only(4);
}

STORE_TEST(a_refused_send_is_given_back) {
    contract s;
    s.begin_hour();
    sender to(s, guard_of(prefix, 2));
    to.send(2);
    to.settle_refused();
    to.send(1);
    s.advance(one_hour);
    to.settle_refused(); // it belongs to the previous hour
    to.admits_only(2);
}

STORE_TEST(a_guard_is_its_place_s_own) {
    contract s;
    s.begin_hour();
    sender first(s, std::vector{guard_of(prefix, 1), guard_of(country, 3)});
    BOOST_TEST(first.admits_only(1).counter == "pumping_prefix");
    BOOST_TEST(first.admits_only(0).counter == "pumping_prefix");
    // a send that the prefix's guard refused did not count for the country
    auto other = free_send_of(500, 111, 500);
    other.guards = {guard_of(country, 3)};
    s.admitted(other);
    other = free_send_of(501, 111, 501);
    other.guards = {guard_of(country, 3)};
    s.admitted(other);
    other.key.number = number(502);
    BOOST_TEST(s.violation(other).counter == "pumping_country");
}

STORE_TEST(guards_are_named_between_limits_and_guesses) {
    contract s;
    s.begin_hour();
    sender to(s, std::vector{guard_of(prefix, 0), guard_of(country, 0)});
    auto request = to.next();
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 1, one_day, 2}};
    auto const answer = s.expect<refused>(s.admit(request));
    BOOST_REQUIRE(answer.violations.size() == 3U);
    BOOST_TEST(answer.violations[0].counter == "n");
    BOOST_TEST(answer.violations[1].counter == "pumping_prefix");
    BOOST_TEST(answer.violations[2].counter == "pumping_country");
}

STORE_TEST(an_observed_guard_refuses_nothing_and_goes_on_counting) {
    contract s;
    s.begin_hour();
    auto rule = guard_of(prefix, 1);
    rule.observed = true;
    sender to(s, rule);
    BOOST_TEST(s.admitted(to.next()).observed.empty());
    for (int n = 0; n < 2; ++n) {
        auto const answer = s.admitted(to.next());
        BOOST_REQUIRE(answer.observed.size() == 1U);
        BOOST_TEST(answer.observed[0].counter == "pumping_prefix");
    }
    auto request = free_send_of(500, 111, 500);
    request.guards = {guard_of(prefix, 3)}; // three were counted
    s.violation(request);
}

STORE_TEST(parallel_sends_never_pass_a_guard) {
    contract s;
    s.begin_hour();
    auto const answers = s.in_parallel(64, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        auto request = free_send_of(n, n, n);
        request.guards = {guard_of(prefix, 7)};
        return s.get().admit(std::move(request));
    });
    BOOST_TEST(count_of<admitted>(answers) == 7U);
    BOOST_TEST(count_of<refused>(answers) == 57U);
}

BOOST_AUTO_TEST_SUITE_END()
