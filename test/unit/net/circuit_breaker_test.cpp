#include "otpd/net/circuit_breaker.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace otpd;
using namespace std::chrono_literals;

namespace {

/// Always returns the same bytes, so that the jitter is known.
class fixed_random final : public random_source {
public:
    explicit fixed_random(unsigned char byte) : byte_(static_cast<std::byte>(byte)) {}
    void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), byte_); }

private:
    std::byte byte_;
};

struct fixture {
    fixed_random random{0x00};
    net::circuit_breaker circuit{net::circuit_options(), random};
    steady_time now{1h};

    void fail(int times) {
        for (int i = 0; i < times; ++i)
            circuit.failed(circuit.enter(), now);
    }
    net::circuit_breaker::entry probe() {
        BOOST_TEST(!circuit.refusal(now).has_value());
        return circuit.enter();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(circuit_breaker, fixture)

BOOST_AUTO_TEST_CASE(opens_at_the_fifth_failure_in_a_row) {
    fail(4);
    BOOST_TEST(!circuit.is_open());
    BOOST_TEST(!circuit.refusal(now).has_value());
    fail(1);
    BOOST_TEST(circuit.is_open());
    auto const refusal = circuit.refusal(now);
    BOOST_TEST_REQUIRE(refusal.has_value());
    BOOST_TEST((*refusal >= 1s && *refusal <= 5s));
}

BOOST_AUTO_TEST_CASE(a_success_in_between_starts_the_count_again) {
    fail(4);
    BOOST_TEST(!circuit.succeeded(circuit.enter()));
    fail(4);
    BOOST_TEST(!circuit.is_open());
}

BOOST_AUTO_TEST_CASE(exactly_one_probe_after_the_pause) {
    fail(5);
    now += 5s;
    probe();
    BOOST_TEST(circuit.refusal(now).has_value());
    BOOST_TEST(circuit.is_open());
}

BOOST_AUTO_TEST_CASE(a_good_probe_closes) {
    fail(5);
    now += 5s;
    BOOST_TEST(circuit.succeeded(probe()));
    BOOST_TEST(!circuit.is_open());
    probe();
    probe();
}

BOOST_AUTO_TEST_CASE(one_bad_probe_opens_again) {
    fail(5);
    now += 5s;
    BOOST_TEST(circuit.failed(probe(), now).has_value());
    BOOST_TEST(circuit.refusal(now).has_value());
    now += 5s;
    probe();
}

BOOST_AUTO_TEST_CASE(an_abandoned_probe_is_made_by_the_next) {
    fail(5);
    now += 5s;
    circuit.abandoned(probe());
    probe();
}

BOOST_AUTO_TEST_CASE(what_began_before_it_opened_changes_it_no_more) {
    auto const late = circuit.enter();
    fail(5);
    auto const before = circuit.refusal(now);
    now += 500ms;
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(!circuit.failed(late, now).has_value());
    BOOST_TEST(!circuit.succeeded(late));
    circuit.abandoned(late);
    auto const after = circuit.refusal(now);
    BOOST_TEST_REQUIRE((before && after));
    BOOST_TEST((*before - *after == 500ms));
}

BOOST_AUTO_TEST_CASE(the_pause_grows_only_where_it_may) {
    for (int i = 0; i < 5; ++i) {
        fail(5);
        BOOST_TEST((circuit.refusal(now) == 1s));
        now += 5s;
    }
}

BOOST_AUTO_TEST_CASE(the_pause_is_random_within_its_bounds) {
    openssl_random random_bytes;
    std::chrono::milliseconds least = 1h;
    std::chrono::milliseconds most = 0ms;
    for (int i = 0; i < 1'000; ++i) {
        net::circuit_breaker one(net::circuit_options(), random_bytes);
        for (int n = 0; n < 5; ++n)
            one.failed(one.enter(), now);
        auto const pause = one.refusal(now).value();
        least = std::min(least, pause);
        most = std::max(most, pause);
    }
    // 1,000 draws leave a fifth of the range unused once in 10^97 runs.
    BOOST_TEST((least >= 1s && least < 1'800ms));
    BOOST_TEST((most <= 5s && most > 4'200ms));
}

BOOST_AUTO_TEST_SUITE_END()
