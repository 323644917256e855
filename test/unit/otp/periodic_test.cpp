#include "account_monitor_fixture.hpp"
#include "otpd/otp/periodic.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;

namespace {

struct periodic_fixture : test::account_monitor_fixture {
    periodic runner{context.get_executor(), "runner_failed", random, *log};
    int runs = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(periodics)

BOOST_FIXTURE_TEST_CASE(a_task_runs_again_until_it_is_stopped, periodic_fixture) {
    runner.start([this]() -> boost::asio::awaitable<steady_time::duration> {
        if (++runs == 3) runner.stop();
        co_return runs == 1 ? 0ms : 1ms;
    });
    test::run_on_threads(context, 1);
    BOOST_TEST(runs == 3);
    BOOST_TEST(runner.is_stopped());
    BOOST_TEST(count(log_text(), "runner_failed") == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_pause_ends_when_it_is_stopped, periodic_fixture) {
    runner.start([this]() -> boost::asio::awaitable<steady_time::duration> {
        ++runs;
        co_return 1h;
    });
    context.poll();
    runner.stop();
    test::run_on_threads(context, 1);
    BOOST_TEST(runs == 1);
}

BOOST_FIXTURE_TEST_CASE(a_task_that_throws_is_logged_and_runs_again, periodic_fixture) {
    runner.start([this]() -> boost::asio::awaitable<steady_time::duration> {
        ++runs;
        if (runs == 1) throw std::runtime_error("no memory");
        runner.stop();
        co_return 0ms;
    });
    context.poll();
    BOOST_TEST(runs == 1);
    runner.wake();
    test::run_on_threads(context, 1);
    BOOST_TEST(runs == 2);
    BOOST_TEST(count(log_text(), "runner_failed") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
