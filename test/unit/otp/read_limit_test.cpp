#include "coroutines.hpp"
#include "manual_clock.hpp"
#include "otpd/otp/read_limit.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace otpd;
using namespace otpd::otp;

namespace {

struct limit_fixture {
    static telemetry::metrics_options options() {
        telemetry::metrics_options result;
        result.limits = {read_limit_name};
        return result;
    }
    std::optional<failure> ask(read_limit& limit, client const& client) {
        return test::run(context, limit.refusal(client));
    }
    static client named(std::string name) {
        client one;
        one.name = std::move(name);
        return one;
    }

    boost::asio::io_context context;
    test::manual_clock clock;
    telemetry::metrics metrics{options()};
    client a = named("a");
    client b = named("b");
};

} // namespace

BOOST_AUTO_TEST_SUITE(read_limit_suite)

BOOST_FIXTURE_TEST_CASE(with_another_quota_the_questions_so_far_count_on, limit_fixture) {
    read_limit limit(context.get_executor(), 0, clock, metrics);
    BOOST_TEST(!ask(limit, a));
    limit.set_quota(2);
    BOOST_TEST(!ask(limit, a));
    BOOST_TEST(!ask(limit, a));
    BOOST_TEST(ask(limit, a).has_value());
    limit.set_quota(3);
    BOOST_TEST(ask(limit, a).has_value());
    limit.set_quota(0);
    BOOST_TEST(!ask(limit, a));
}

BOOST_FIXTURE_TEST_CASE(one_client_s_questions_do_not_use_up_another_s, limit_fixture) {
    read_limit limit(context.get_executor(), 3, clock, metrics);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(!ask(limit, a));
    auto const refused = ask(limit, a);
    BOOST_REQUIRE(refused);
    BOOST_TEST((refused->code == errc::limit_exceeded));
    BOOST_TEST((refused->retry_after == std::chrono::seconds(20)));
    BOOST_REQUIRE(refused->violated.size() == 1u);
    BOOST_TEST(refused->violated.front().name == "reads_client_1m");
    BOOST_TEST(refused->violated.front().quota == 3u);
    BOOST_TEST((refused->violated.front().window == std::chrono::seconds(60)));
    BOOST_TEST(metrics.scrape().find("otpd_limit_violations_total{limit=\"reads_client_1m\",mode="
                                     "\"enforce\"} 1") != std::string::npos);
    BOOST_TEST(!ask(limit, b));
    clock.advance(std::chrono::seconds(20));
    BOOST_TEST(!ask(limit, a));
    BOOST_TEST(ask(limit, a).has_value());
}

BOOST_FIXTURE_TEST_CASE(without_a_quota_nobody_is_refused, limit_fixture) {
    read_limit limit(context.get_executor(), 0, clock, metrics);
    for (int i = 0; i < 1000; ++i)
        BOOST_TEST(!ask(limit, a));
}

BOOST_AUTO_TEST_SUITE_END()
