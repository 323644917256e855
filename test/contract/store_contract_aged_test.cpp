// No step pays for history: after 800 hours of sends of one budget owner, 30 days of guards and
// full lists of events, the states are not larger, and take no more commits, than in the first
// hour.

#include "backends.hpp"
#include "support/hourly_journey.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>

using namespace otpd::store;
using namespace otpd::test;

namespace {

struct step_cost {
    std::size_t largest_state = 0;
    std::uint64_t commits = 0;
};

/// 1.2 times.
std::size_t a_fifth_more_than(std::size_t bytes) {
    return bytes * 6 / 5;
}

void go(contract& s, hourly_journey const& journey) {
    s.admitted(journey.admission());
    BOOST_REQUIRE((s.settle(journey.settlement()) == settle_outcome::settled));
    s.verified(journey.check());
}

/// The cost of a journey in the last hour.
step_cost cost_after(std::uint32_t hours) {
    contract s;
    s.begin_hour();
    std::uint32_t hour = 0;
    for (; hour < hours; ++hour) {
        go(s, hourly_journey(hour));
        s.advance(one_hour);
    }
    go(s, hourly_journey(hour)); // creates the hour's own states
    auto commits = std::numeric_limits<std::uint64_t>::max();
    for (std::uint32_t n = 1; n <= 5;
         ++n) { // the minimum: the sweeper may commit beside some of them
        auto const before = s.commits();
        go(s, hourly_journey(hour + n * hours_of_an_aged_store));
        commits = std::min(commits, s.commits() - before);
    }
    return {s.largest_state(), commits}; // in this order: an SQLite file is opened again
}

/// Makes a verification with a full list of events.
void fill_a_list(contract& s, std::uint32_t id) {
    auto request = free_send_of(1, 111, id);
    request.retention = 40 * one_day;
    auto guess = guess_of(1, 999);
    request.guesses.quota = guess.guesses.quota = guess.attempts_max = 1'000'000;
    s.admitted(request);
    for (std::size_t n = 0; n < events_max; ++n)
        s.wrong(guess);
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_aged)

STORE_TEST(a_step_costs_in_an_aged_store_what_it_costs_in_a_fresh_one) {
    auto const fresh = cost_after(0);
    auto const aged = cost_after(hours_of_an_aged_store);
    BOOST_TEST(aged.largest_state <= a_fifth_more_than(fresh.largest_state));
    BOOST_TEST(aged.commits == fresh.commits);
}

// Sizes match to the byte only if the clock stands still between two steps, because round times are
// shorter.
using stores_of_a_still_clock = std::tuple<otpd::test::memory_backend, otpd::test::sqlite_backend>;

STORE_TEST_OF(lists_of_events_that_are_full_do_not_grow, stores_of_a_still_clock) {
    contract s;
    std::uint32_t id = 0;
    while (++id <= 10)
        fill_a_list(s, id);
    auto const full = s.largest_state();
    for (; id <= 33; ++id) {
        s.advance(one_day);
        fill_a_list(s, id);
    }
    BOOST_TEST(s.largest_state() <= a_fifth_more_than(full));
}

BOOST_AUTO_TEST_SUITE_END()
