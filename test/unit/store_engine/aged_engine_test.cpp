// What a step loads and writes, to the byte, in the first hour and after 800 hours.

#include "map_backend.hpp"
#include "support/hourly_journey.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

void go(engine_world& w, hourly_journey const& journey) {
    BOOST_REQUIRE(is<admitted>(w.admit(journey.admission())));
    BOOST_REQUIRE((w.settle(journey.settlement()) == settle_outcome::settled));
    BOOST_REQUIRE(is<verified>(w.check(journey.check())));
}

} // namespace

BOOST_AUTO_TEST_SUITE(aged_engine)

BOOST_AUTO_TEST_CASE(a_step_moves_as_many_bytes_after_800_hours_as_in_the_first) {
    engine_world w;
    std::size_t first = 0;
    for (std::uint32_t hour = 0; hour <= hours_of_an_aged_store; ++hour) {
        auto const before = w.io.bytes_loaded + w.io.bytes_written;
        go(w, hourly_journey(hour));
        auto const moved = w.io.bytes_loaded + w.io.bytes_written - before;
        if (hour == 1) first = moved; // the shared states exist
        if (hour >= 1) BOOST_TEST(moved <= first * 6 / 5, "hour " << hour << ": " << moved);
        w.pass(1h);
    }
}

BOOST_AUTO_TEST_SUITE_END()
