// The estimate of a server's clock between two answers.

#include "backend/server_parts.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace std::chrono_literals;
using otpd::steady_time;

BOOST_AUTO_TEST_SUITE(server_clocks)

BOOST_AUTO_TEST_CASE(it_is_followed_no_further_than_an_answer_says) {
    server_clock clock;
    steady_time const zero;
    store_time const first(counter_time(1'000'000'000));
    clock.follow(zero, zero + 10ms, first);
    // It was `first` between 0 and 10 ms.
    BOOST_TEST((clock.at(zero) <= first));
    BOOST_TEST((clock.at(zero + 10ms) >= first));
    auto const before = clock.at(zero + 1s);
    // A time within the possible range changes nothing.
    BOOST_TEST((clock.follow(zero + 990ms, zero + 1s, before - 5ms) == 0us));
    BOOST_TEST((clock.at(zero + 1s) == before));
    // A time just outside the possible range moves it by just the difference.
    BOOST_TEST((clock.follow(zero + 990ms, zero + 1s, before + 2ms) == 2ms));
    BOOST_TEST((clock.at(zero + 1s) == before + 2ms));
    BOOST_TEST((clock.follow(zero + 990ms, zero + 1s, before - 11ms) == -3ms));
}

BOOST_AUTO_TEST_CASE(jumps_are_followed_in_both_directions) {
    server_clock clock;
    steady_time const zero;
    store_time const first(counter_time(1'000'000'000));
    clock.follow(zero, zero, first);
    BOOST_TEST((clock.follow(zero + 1s, zero + 1s, first + 601s) == 600s));
    BOOST_TEST((clock.at(zero + 2s) == first + 602s));
    BOOST_TEST((clock.follow(zero + 2s, zero + 2s, first + 2s) == -600s));
    BOOST_TEST((clock.at(zero + 3s) == first + 3s));
}

BOOST_AUTO_TEST_SUITE_END()
