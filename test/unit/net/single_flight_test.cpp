#include "coroutines.hpp"
#include "otpd/net/single_flight.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace otpd;
using namespace std::chrono_literals;

namespace {

using flights = net::single_flight<std::string, int>;

/// A single thread, which runs only when a test lets it. The test also decides when a call is
/// answered.
struct flight_fixture {
    explicit flight_fixture(std::chrono::milliseconds kept = 0ms)
        : flights_of(context.get_executor(), kept) {}

    struct call {
        std::string result = "under way";
        asio::cancellation_signal cancel;
    };
    call& ask(std::string key, deadline until = deadline::in(test::hang_limit)) {
        auto& made = calls_.emplace_back();
        auto ended = [&made](std::exception_ptr thrown, std::optional<int> answer) {
            made.result = "nothing";
            if (answer) made.result = std::to_string(*answer);
            if (thrown) made.result = "thrown";
        };
        asio::co_spawn(context, get(std::move(key), until),
                       asio::bind_cancellation_slot(made.cancel.slot(), ended));
        settle();
        return made;
    }
    void answer() {
        gate.cancel();
        settle();
    }
    void settle() {
        context.restart();
        context.poll();
    }

    asio::io_context context;
    asio::steady_timer gate{context, asio::steady_timer::time_point::max()};
    int asked = 0;
    bool throws = false;

private:
    asio::awaitable<std::optional<int>> get(std::string key, deadline until) {
        flights::question const question = [this] { return wait_for_the_test(); };
        co_return co_await flights_of.get(std::move(key), question, until);
    }
    asio::awaitable<int> wait_for_the_test() {
        int const mine = ++asked;
        co_await gate.async_wait(asio::as_tuple(asio::deferred));
        if (throws) throw std::runtime_error("of the question");
        co_return mine;
    }

    std::deque<call> calls_;
    flights flights_of;
};

} // namespace

BOOST_AUTO_TEST_SUITE(single_flight_suite)

BOOST_AUTO_TEST_CASE(many_equal_questions_at_a_time_are_asked_once_and_answered_to_all) {
    flight_fixture fixture;
    auto const& first = fixture.ask("a");
    auto const& second = fixture.ask("a");
    auto const& other = fixture.ask("b");
    BOOST_TEST(fixture.asked == 2);
    fixture.answer();
    BOOST_TEST(first.result == "1");
    BOOST_TEST(second.result == "1");
    BOOST_TEST(other.result == "2");
    auto const& later = fixture.ask("a");
    fixture.answer();
    BOOST_TEST(later.result == "3");
}

BOOST_AUTO_TEST_CASE(an_answer_is_kept_as_long_as_it_was_said_to_be) {
    flight_fixture fixture(1h);
    fixture.ask("a");
    fixture.answer();
    BOOST_TEST(fixture.ask("a").result == "1");
    BOOST_TEST(fixture.asked == 1);
    auto const& other = fixture.ask("b");
    fixture.answer();
    BOOST_TEST(other.result == "2");
}

BOOST_AUTO_TEST_CASE(who_gives_up_does_not_end_it_for_the_others) {
    flight_fixture fixture;
    auto& first = fixture.ask("a");
    auto const& second = fixture.ask("a");
    auto const& late = fixture.ask("a", deadline::in(-1s));
    BOOST_TEST(late.result == "nothing");
    first.cancel.emit(asio::cancellation_type::terminal);
    fixture.settle();
    BOOST_TEST(first.result != "under way");
    BOOST_TEST(second.result == "under way");
    fixture.answer();
    BOOST_TEST(second.result == "1");
    BOOST_TEST(fixture.asked == 1);
}

BOOST_AUTO_TEST_CASE(what_a_question_throws_reaches_who_waits_and_is_not_kept) {
    flight_fixture fixture(1h);
    fixture.throws = true;
    auto const& first = fixture.ask("a");
    auto const& second = fixture.ask("a");
    fixture.answer();
    BOOST_TEST(first.result == "thrown");
    BOOST_TEST(second.result == "thrown");
    fixture.throws = false;
    auto const& again = fixture.ask("a");
    fixture.answer();
    BOOST_TEST(again.result == "2");
}

BOOST_AUTO_TEST_CASE(callers_on_many_threads_are_all_answered) {
    asio::io_context context;
    flights const of(context.get_executor());
    std::atomic<int> asked{0}, answered{0};
    flights::question const question = [&asked]() -> asio::awaitable<int> {
        auto const executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::deferred);
        co_return ++asked;
    };
    auto caller = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 200; ++i) {
            auto shared = of;
            auto const got = co_await shared.get("a", question, deadline::in(test::hang_limit));
            if (got) ++answered;
        }
    };
    for (int i = 0; i < 16; ++i)
        asio::co_spawn(asio::make_strand(context), caller, [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    test::run_on_threads(context, 4);
    BOOST_TEST(answered == 16 * 200);
    BOOST_TEST(asked <= answered);
}

BOOST_AUTO_TEST_SUITE_END()
