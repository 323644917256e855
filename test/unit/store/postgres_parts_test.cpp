/// The parts of the PostgreSQL store that need no server.

#include "otpd/store/location.hpp"
#include "store/backend/postgres/postgres_backend.hpp"
#include "store/backend/postgres/server_clock.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace otpd;
using namespace otpd::store;
using namespace std::chrono_literals;

namespace {

struct fixture {
    steady_time at(std::chrono::milliseconds since) const { return began + since; }

    steady_time began{1h};
    store_time day{24h};
    postgres::server_clock clock;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_parts, fixture)

BOOST_AUTO_TEST_CASE(the_first_sample_is_the_time) {
    clock.sample(day, at(0ms), at(5ms));
    BOOST_CHECK(clock.at(at(5ms)) == day);
    BOOST_CHECK(clock.at(at(105ms)) == day + 100ms);
}

// It is not known how long an answer took: what is less than that behind is no difference.
BOOST_AUTO_TEST_CASE(a_late_answer_does_not_turn_it_back) {
    clock.sample(day, at(0ms), at(5ms));
    clock.sample(day + 100ms, at(100ms), at(900ms));
    BOOST_CHECK(clock.at(at(900ms)) == day + 895ms);
    clock.sample(day + 905ms, at(1000ms), at(1001ms)); // 90 ms behind, when it was sent
    BOOST_CHECK(clock.at(at(1001ms)) == day + 996ms);
}

BOOST_AUTO_TEST_CASE(it_follows_both_ways) {
    clock.sample(day, at(0ms), at(0ms));
    clock.sample(day + 1010ms, at(1000ms), at(1001ms));
    BOOST_CHECK(clock.at(at(1001ms)) == day + 1010ms);
    clock.sample(day + 10h, at(1010ms), at(1010ms));
    BOOST_CHECK(clock.at(at(1010ms)) == day + 10h);
    clock.sample(day + 10h - 101ms, at(1010ms), at(1010ms));
    BOOST_CHECK(clock.at(at(1010ms)) == day + 10h - 101ms);
}

BOOST_AUTO_TEST_CASE(the_schema_can_be_printed) {
    auto const plain = postgres_schema("codes");
    BOOST_TEST(plain.find("create table if not exists codes.subject(") != std::string::npos);
    BOOST_TEST(plain.find("grant") == std::string::npos);
    auto const granted = postgres_schema("codes", "a\"b");
    BOOST_TEST(
        granted.find("grant select, insert, update, delete on codes.subject to \"a\"\"b\";") !=
        std::string::npos);
    BOOST_TEST(granted.ends_with("commit;\n"));
}

BOOST_AUTO_TEST_SUITE_END()
