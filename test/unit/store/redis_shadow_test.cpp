#include "contract/store_contract.hpp"
#include "store/redis/shadow.hpp"

#include <boost/test/unit_test.hpp>

using otpd::steady_time;
using otpd::store::duration;
using otpd::store::record_key;
using otpd::store::redis::seen_code;
using otpd::store::redis::seen_guesses;
using otpd::store::redis::shadow;
using namespace std::chrono_literals;

namespace {

record_key key(std::uint32_t phone, std::string purpose = "login") {
    return {otpd::test::number(phone), std::move(purpose)};
}

constexpr steady_time start{1h};
constexpr duration life = 10min;
constexpr std::uint64_t this_server = 1;
constexpr std::uint64_t next_server = 2;

} // namespace

BOOST_AUTO_TEST_SUITE(redis_shadow)

BOOST_AUTO_TEST_CASE(knows_nothing_at_first) {
    shadow const empty(10);
    BOOST_TEST(empty.code(key(1), start).id.empty());
    BOOST_TEST(empty.code(key(1), start).made == 0);
    BOOST_TEST(empty.guesses(key(1).number, next_server, start).count == 0U);
}

// What was made before the code that was sent last is dead, the code itself is not.
BOOST_AUTO_TEST_CASE(a_new_code_is_the_oldest_that_may_live) {
    shadow seen(10);
    seen.admitted(key(1), seen_code{"a", 1000, 0}, start, life);
    BOOST_TEST(seen.code(key(1), start).made == 1000);
    seen.admitted(key(1), seen_code{"b", 2000, 0}, start, life);
    BOOST_TEST(seen.code(key(1), start).made == 2000);
    BOOST_TEST(seen.code(key(1, "payment"), start).made == 0);
}

BOOST_AUTO_TEST_CASE(a_used_code_is_dead_itself_and_the_guesses_are_cleared) {
    shadow seen(10);
    seen.wrong(key(1), seen_code{"a", 1000, 2}, seen_guesses{2, 24h}, this_server, start, life);
    seen.verified(key(1), seen_code{"a", 1000, 0}, start, life);
    BOOST_TEST(seen.code(key(1), start).made == 1001);
    BOOST_TEST(seen.guesses(key(1).number, next_server, start).count == 0U);
}

BOOST_AUTO_TEST_CASE(attempts_belong_to_a_code) {
    shadow seen(10);
    seen.wrong(key(1), seen_code{"a", 1000, 3}, seen_guesses{3, 24h}, this_server, start, life);
    BOOST_TEST(seen.code(key(1), start).id == "a");
    BOOST_TEST(seen.code(key(1), start).attempts == 3U);
}

// The server that counted them knows better: others have counted and cleared there since.
BOOST_AUTO_TEST_CASE(guesses_count_with_another_server_only) {
    shadow seen(10);
    seen.wrong(key(1), seen_code{"a", 1000, 3}, seen_guesses{7, 24h}, this_server, start, life);
    BOOST_TEST(seen.guesses(key(1).number, this_server, start).count == 0U);
    auto const known = seen.guesses(key(1).number, next_server, start + 1h);
    BOOST_TEST(known.count == 7U);
    BOOST_TEST((known.known_for == 23h));
    BOOST_TEST(seen.guesses(key(1).number, next_server, start + 24h).count == 0U);
}

BOOST_AUTO_TEST_CASE(codes_are_forgotten_when_they_are_over) {
    shadow seen(10);
    seen.admitted(key(1), seen_code{"a", 1000, 0}, start, life);
    BOOST_TEST(seen.code(key(1), start + life - 1ms).made == 1000);
    BOOST_TEST(seen.code(key(1), start + life).made == 0);
}

// Bounded: what was seen longest ago goes first.
BOOST_AUTO_TEST_CASE(numbers_are_bounded) {
    shadow seen(3);
    for (std::uint32_t phone = 1; phone <= 3; ++phone)
        seen.admitted(key(phone), seen_code{"a", phone, 0}, start, life);
    seen.admitted(key(1), seen_code{"b", 10, 0}, start, life); // seen again
    seen.admitted(key(4), seen_code{"a", 4, 0}, start, life);
    BOOST_TEST(seen.size() == 3U);
    BOOST_TEST(seen.code(key(2), start).made == 0);
    BOOST_TEST(seen.code(key(1), start).made == 10);
    BOOST_TEST(seen.code(key(3), start).made == 3);
    BOOST_TEST(seen.code(key(4), start).made == 4);
}

BOOST_AUTO_TEST_SUITE_END()
