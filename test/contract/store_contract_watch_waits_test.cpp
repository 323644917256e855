// How long a watched prefix or country says that there is no room: until the sliding hour has some, and no
// longer.

#include "backends.hpp"
#include "watching.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

// An hour begins with the contract's ten seconds; told are the end of what is too much and a millisecond.
constexpr duration into_the_hour{10'000 - 1};
constexpr duration one_minute{60'000};

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_watch_waits)

STORE_TEST(the_told_time_is_when_enough_of_the_hour_before_is_over) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(4));
    to.send(4);
    s.advance(one_hour);
    to.send(1);
    to.admits_in(15 * one_minute - into_the_hour); // two of the four are left
}

STORE_TEST(the_told_time_may_be_in_the_next_hour) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(3));
    to.send_observed(10);
    to.admits_in(one_hour + 42 * one_minute - into_the_hour); // fewer than three of ten are left
}

STORE_TEST(the_told_time_reckons_with_what_was_verified) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(3));
    to.send_observed(14);
    for (std::uint32_t back = 0; back < 4; ++back)
        to.verify(back);
    to.admits_in(one_hour + 42 * one_minute - into_the_hour);
}

// Codes of before give credit, which ends with their hour.
STORE_TEST(the_told_time_is_not_while_only_credit_ends) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(4));
    for (std::uint32_t phone = 101; phone <= 110; ++phone) {
        s.admitted(free_send_of(phone, 111, phone));
        auto guess = guess_of(phone, 111);
        guess.watched = {subject(prefix)};
        s.verified(guess);
    }
    s.advance(one_hour);
    to.send_observed(20); // nine are made up for now, and none at the hour's end
    to.admits_in(one_hour + 48 * one_minute - into_the_hour);
}

// The budget is half of the last 24 hours' verified, and shrinks from seven to six before enough is over for
// seven (39 minutes past).
STORE_TEST(the_told_time_reckons_with_a_budget_that_shrinks) {
    contract s;
    s.begin_day();
    sender to(s, with_floor(2, 50));
    to.send_and_verify(10);
    s.advance(one_day);
    to.send_and_verify(10);
    s.advance(13 * one_hour);
    to.send_observed(20);
    to.admits_in(one_hour + 42 * one_minute - into_the_hour);
}

STORE_TEST(without_any_budget_the_told_time_is_when_both_hours_are_over) {
    contract s;
    s.begin_hour();
    sender to(s, with_floor(0));
    auto const told = s.violation(to.next()).retry_after;
    BOOST_TEST((told <= 2 * one_hour && told > 2 * one_hour - one_minute));
}

BOOST_AUTO_TEST_SUITE_END()
