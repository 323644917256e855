// The path without hops, where one thread runs everything.

#include "coroutines.hpp"
#include "otpd/net/run_on.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>

namespace asio = boost::asio;
using otpd::net::on_strand;
using otpd::net::run_on;
using otpd::net::single_threaded_scope;

namespace {

struct lone_thread {
    asio::io_context context;
    otpd::net::strand guard = asio::make_strand(asio::any_io_executor(context.get_executor()));

    /// Whether an operation enters the strand.
    bool operations_use_the_strand() {
        auto ask = [&]() -> asio::awaitable<bool> {
            auto is_here = [this] { return guard.running_in_this_thread(); };
            co_return co_await on_strand(guard, is_here);
        };
        bool answer = false;
        asio::co_spawn(context, ask(), [&](std::exception_ptr thrown, bool said) {
            if (thrown) std::rethrow_exception(thrown);
            answer = said;
        });
        context.run();
        context.restart();
        return answer;
    }
};

asio::awaitable<int> throwing() {
    throw std::runtime_error("no");
    co_return 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(single_threaded_scopes)

BOOST_FIXTURE_TEST_CASE(an_operation_leaves_the_strand_alone_while_one_thread_runs_its_context,
                        lone_thread) {
    std::optional<single_threaded_scope> alone(std::in_place, context);
    BOOST_TEST(!operations_use_the_strand());
    alone.reset();
    BOOST_TEST(operations_use_the_strand());
}

BOOST_FIXTURE_TEST_CASE(the_runner_of_another_context_uses_the_strand, lone_thread) {
    asio::io_context other;
    single_threaded_scope const alone(other);
    BOOST_TEST(operations_use_the_strand());
}

BOOST_FIXTURE_TEST_CASE(the_one_before_counts_again_when_a_second_ends, lone_thread) {
    asio::io_context other;
    single_threaded_scope const first(context);
    {
        single_threaded_scope const second(other);
        BOOST_TEST(!single_threaded_scope::runs(context));
    }
    BOOST_TEST(single_threaded_scope::runs(context));
}

BOOST_FIXTURE_TEST_CASE(an_exception_of_the_work_leaves_the_caller_as_it_was, lone_thread) {
    single_threaded_scope const alone(context);
    bool caught = false;
    bool throws = false;
    auto caller = [&]() -> asio::awaitable<void> {
        try {
            co_await run_on(guard, throwing());
        } catch (std::runtime_error const&) {
            caught = true;
        }
        throws = co_await asio::this_coro::throw_if_cancelled();
    };
    asio::co_spawn(context, caller(), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    context.run();
    BOOST_TEST(caught);
    BOOST_TEST(throws); // run_on() restores the check that it disabled
}

BOOST_AUTO_TEST_SUITE_END()
