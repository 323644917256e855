/// When a failed message is tried again.

#include "otpd/core/random.hpp"
#include "webhook/attempt.hpp"
#include "webhook/retry.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstring>

using namespace std::chrono_literals;
using otpd::webhook::pause_after;
using otpd::webhook::retry_policy;
using std::chrono::milliseconds;

namespace {

constexpr std::array<milliseconds, 7> nominal{5s, 30s, 2min, 10min, 30min, 2h, 6h};

struct fixture {
    otpd::openssl_random random;

    milliseconds pause(unsigned tries, retry_policy policy = {},
                       std::optional<std::chrono::seconds> retry_after = std::nullopt) {
        auto const result = pause_after(tries, policy, retry_after, random);
        BOOST_REQUIRE(result.has_value());
        return *result;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(webhook_retry, fixture)

BOOST_AUTO_TEST_CASE(pauses_grow_and_differ_by_a_fifth_at_most) {
    for (unsigned tries = 1; tries <= nominal.size(); ++tries) {
        auto const expected = nominal.at(tries - 1);
        for (int i = 0; i != 100; ++i) {
            auto const got = pause(tries);
            BOOST_TEST((got >= expected * 8 / 10 && got <= expected * 12 / 10));
        }
    }
}

BOOST_AUTO_TEST_CASE(pauses_differ) {
    std::array<milliseconds, 20> drawn{};
    std::generate(drawn.begin(), drawn.end(), [this] { return pause(7); });
    BOOST_TEST(std::count(drawn.begin(), drawn.end(), drawn.front()) <
               static_cast<std::ptrdiff_t>(drawn.size()));
}

BOOST_AUTO_TEST_CASE(the_eighth_try_is_the_last) {
    BOOST_TEST(pause_after(7, {}, std::nullopt, random).has_value());
    BOOST_TEST(!pause_after(8, {}, std::nullopt, random).has_value());
    BOOST_TEST(!pause_after(9, {}, 60s, random).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_receiver_asks_for_counts_when_it_is_longer) {
    BOOST_CHECK(pause(1, {}, 60s) == 60s);
    BOOST_CHECK(pause(2, {}, 1s) >= 24s);
    BOOST_CHECK(pause(1, retry_policy{1000}, 1s) == 1s);
}

BOOST_AUTO_TEST_CASE(what_the_receiver_asks_for_is_bounded_by_the_longest_pause) {
    otpd::net::http_response response;
    response.status = 503;
    otpd::net::exchange_result exchanged;
    for (auto const& [asked, kept] : {std::pair(6h, 6h), std::pair(24h, 6h)}) {
        response.retry_after = asked;
        exchanged.outcome = response;
        BOOST_CHECK(otpd::webhook::judge(exchanged).retry_after == kept);
    }
}

BOOST_AUTO_TEST_CASE(a_test_may_be_in_a_hurry) {
    BOOST_CHECK(pause(7, retry_policy{1000}) <= 26s);
}

BOOST_AUTO_TEST_SUITE_END()
