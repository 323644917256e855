#include "contract/store_contract.hpp"
#include "store/redis/shadow.hpp"

#include <boost/test/unit_test.hpp>

using otpd::steady_time;
using otpd::store::duration;
using otpd::store::record_key;
using otpd::store::redis::seen_codes;
using otpd::store::redis::seen_guesses;
using otpd::store::redis::server_time;
using otpd::store::redis::shadow;
using namespace std::chrono_literals;

namespace {

record_key key(std::uint32_t phone, std::string slot = "login") {
    return {otpd::test::number(phone), std::move(slot)};
}

/// One code that was made at `made`.
seen_codes code(server_time made, std::uint32_t attempts = 0, std::uint32_t open_attempts = 0) {
    return {made, made, attempts, open_attempts};
}

constexpr steady_time start{1h};
constexpr duration life = 10min;
constexpr std::uint64_t this_server = 1;
constexpr std::uint64_t next_server = 2;

} // namespace

BOOST_AUTO_TEST_SUITE(redis_shadow)

BOOST_AUTO_TEST_CASE(knows_nothing_at_first) {
    shadow const empty(10);
    BOOST_TEST(empty.codes(key(1), start).alive_from == 0);
    BOOST_TEST(empty.codes(key(1), start).counted_until == 0);
    BOOST_TEST(empty.dead(key(1).number, start).empty());
    BOOST_TEST((empty.guesses(key(1).number, next_server, start).known_for == 0ms));
}

// What was made before the code that was sent last is dead, the code itself is not.
BOOST_AUTO_TEST_CASE(a_new_code_is_the_oldest_that_may_live) {
    shadow seen(10);
    seen.admitted(key(1), code(1000), start, life);
    BOOST_TEST(seen.codes(key(1), start).alive_from == 1000);
    seen.admitted(key(1), code(2000), start, life);
    BOOST_TEST(seen.codes(key(1), start).alive_from == 2000);
    BOOST_TEST(seen.codes(key(1, "payment"), start).alive_from == 0);
}

// With several codes in a slot it is the oldest of them.
BOOST_AUTO_TEST_CASE(an_added_code_leaves_the_older_ones_alive) {
    shadow seen(10);
    seen.admitted(key(1), code(1000), start, life);
    seen.admitted(key(1), seen_codes{1000, 2000, 3, 1}, start, life);
    auto const known = seen.codes(key(1), start);
    BOOST_TEST(known.alive_from == 1000);
    BOOST_TEST(known.counted_until == 2000);
    BOOST_TEST(known.attempts == 3U);
    BOOST_TEST(known.open_attempts == 1U);
}

BOOST_AUTO_TEST_CASE(a_used_code_is_dead_itself_and_the_guesses_are_cleared) {
    shadow seen(10);
    seen.wrong(key(1), code(1000, 2), seen_guesses{0, 2, 24h, 0ms, 1h}, this_server, start, life);
    seen.verified(key(1), 1000, start, life);
    BOOST_TEST(seen.codes(key(1), start).alive_from == 1001);
    BOOST_TEST(seen.codes(key(1), start).attempts == 0U);
    auto const known = seen.guesses(key(1).number, next_server, start);
    BOOST_TEST(known.held == 0U);
    BOOST_TEST((known.held_wait == 0ms));
}

BOOST_AUTO_TEST_CASE(attempts_belong_to_the_codes_until_then) {
    shadow seen(10);
    seen.wrong(key(1), code(1000, 3, 2), seen_guesses{2, 3, 24h, 0ms, 0ms}, this_server, start,
               life);
    BOOST_TEST(seen.codes(key(1), start).counted_until == 1000);
    BOOST_TEST(seen.codes(key(1), start).attempts == 3U);
    BOOST_TEST(seen.codes(key(1), start).open_attempts == 2U);
}

// --- codes that died by themselves ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_canceled_code_is_dead_and_no_other) {
    shadow seen(10);
    seen.admitted(key(1), seen_codes{1000, 2000, 0, 0}, start, life);
    seen.ended(key(1).number, otpd::test::id_of(7), start, life);
    auto const dead = seen.dead(key(1).number, start);
    BOOST_REQUIRE(dead.size() == 1U);
    BOOST_TEST((dead[0] == otpd::test::id_of(7)));
    BOOST_TEST(seen.codes(key(1), start).alive_from == 1000);
    BOOST_TEST(seen.dead(key(2).number, start).empty());
    BOOST_TEST(seen.dead(key(1).number, start + life).empty());
}

BOOST_AUTO_TEST_CASE(dead_codes_of_a_number_are_bounded) {
    shadow seen(10);
    for (std::uint32_t n = 0; n < 100; ++n)
        seen.ended(key(1).number, otpd::test::id_of(n), start, life);
    auto const dead = seen.dead(key(1).number, start);
    BOOST_TEST(dead.size() == 8U);
    BOOST_TEST((dead.back() == otpd::test::id_of(99)));
}

// --- guesses -------------------------------------------------------------------------------------

// The server that counted them knows better: others have counted and cleared there since.
BOOST_AUTO_TEST_CASE(guesses_count_with_another_server_only) {
    shadow seen(10);
    seen.wrong(key(1), code(1000, 3), seen_guesses{7, 2, 24h, 2h, 90min}, this_server, start, life);
    BOOST_TEST(seen.guesses(key(1).number, this_server, start).open == 0U);
    auto const known = seen.guesses(key(1).number, next_server, start + 1h);
    BOOST_TEST(known.open == 7U);
    BOOST_TEST(known.held == 2U);
    BOOST_TEST((known.known_for == 23h));
    BOOST_TEST((known.open_wait == 1h));
    BOOST_TEST((known.held_wait == 30min));
    BOOST_TEST((seen.guesses(key(1).number, next_server, start + 3h).open_wait == 0ms));
    BOOST_TEST(seen.guesses(key(1).number, next_server, start + 24h).open == 0U);
}

BOOST_AUTO_TEST_CASE(guesses_are_told_to_a_server_once) {
    shadow seen(10);
    seen.told(key(1).number, next_server); // nothing to be told
    seen.wrong(key(1), code(1000, 3), seen_guesses{7, 0, 24h, 0ms, 0ms}, this_server, start, life);
    seen.told(key(1).number, next_server);
    BOOST_TEST(seen.guesses(key(1).number, next_server, start).open == 0U);
    BOOST_TEST(seen.guesses(key(1).number, next_server + 1, start).open == 7U);
}

// --- bounds --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(codes_are_forgotten_when_they_are_over) {
    shadow seen(10);
    seen.admitted(key(1), code(1000), start, life);
    BOOST_TEST(seen.codes(key(1), start + life - 1ms).alive_from == 1000);
    BOOST_TEST(seen.codes(key(1), start + life).alive_from == 0);
}

// Bounded: what was seen longest ago goes first.
BOOST_AUTO_TEST_CASE(numbers_are_bounded) {
    shadow seen(3);
    for (std::uint32_t phone = 1; phone <= 3; ++phone)
        seen.admitted(key(phone), code(phone), start, life);
    seen.admitted(key(1), code(10), start, life); // seen again
    seen.admitted(key(4), code(4), start, life);
    BOOST_TEST(seen.size() == 3U);
    BOOST_TEST(seen.codes(key(2), start).alive_from == 0);
    BOOST_TEST(seen.codes(key(1), start).alive_from == 10);
    BOOST_TEST(seen.codes(key(3), start).alive_from == 3);
    BOOST_TEST(seen.codes(key(4), start).alive_from == 4);
}

BOOST_AUTO_TEST_SUITE_END()
