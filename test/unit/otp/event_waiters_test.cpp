#include "coroutines.hpp"
#include "otpd/otp/event_waiters.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <thread>

namespace otpd::test {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

otp::verification_event event_of(std::string id) {
    otp::verification_event event;
    event.verification_id = std::move(id);
    return event;
}

struct event_waiters_fixture {
    ~event_waiters_fixture() {
        waiters.stop();
        run_on_threads(context, 1); // no work is left
    }
    /// Begins to wait, and counts when it resumes.
    void wait_for(std::string id, std::size_t seen, deadline until = deadline::in(1h),
                  std::string client = "default") {
        asio::co_spawn(context, waiters.wait(std::move(id), std::move(client), seen, until),
                       [this](std::exception_ptr, bool) { ++woken; });
    }
    void poll() {
        context.restart();
        while (context.poll_one() != 0) {
        }
    }

    asio::io_context context;
    otp::event_waiters waiters{context.get_executor(), 3};
    int woken = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(waiting_for_changes)

BOOST_FIXTURE_TEST_CASE(everybody_who_waits_for_a_verification_goes_on_when_it_changes,
                        event_waiters_fixture) {
    wait_for("a", waiters.seen("a"));
    wait_for("a", waiters.seen("a"));
    wait_for("b", waiters.seen("b"));
    poll();
    BOOST_TEST(woken == 0);
    waiters.on_event(event_of("a"));
    poll();
    BOOST_TEST(woken == 2);
    waiters.on_event(event_of("b"));
    poll();
    BOOST_TEST(woken == 3);
}

BOOST_FIXTURE_TEST_CASE(an_event_after_the_last_read_is_not_missed, event_waiters_fixture) {
    auto const seen = waiters.seen("a");
    waiters.on_event(event_of("a"));
    wait_for("a", seen);
    poll();
    BOOST_TEST(woken == 1);
}

BOOST_FIXTURE_TEST_CASE(nobody_waits_longer_than_wanted, event_waiters_fixture) {
    run(context, waiters.wait("a", "default", waiters.seen("a"), deadline::in(1ms)));
    wait_for("a", waiters.seen("a"), deadline::in(-1s));
    context.restart();
    context.run_for(hang_limit);
    BOOST_TEST(woken == 1);
}

BOOST_FIXTURE_TEST_CASE(no_more_wait_than_allowed, event_waiters_fixture) {
    for (int i = 0; i < 5; ++i)
        wait_for("a", waiters.seen("a"));
    poll();
    BOOST_TEST(woken == 2);
    waiters.on_event(event_of("a"));
    poll();
    BOOST_TEST(woken == 5);
    wait_for("a", waiters.seen("a")); // there is room again
    poll();
    BOOST_TEST(woken == 5);
}

// Eight places: two are reserved for each of two clients, four are shared.
BOOST_AUTO_TEST_CASE(no_client_takes_the_places_of_another) {
    asio::io_context context;
    otp::event_waiters waiters(context.get_executor(), 8, {"a", "b"});
    std::map<std::string, int> refused;
    auto const begin_to_wait = [&](std::string const& client) {
        asio::co_spawn(context, waiters.wait("id", client, waiters.seen("id"), deadline::in(1h)),
                       [&refused, client](std::exception_ptr, bool may) {
                           if (!may) ++refused[client];
                       });
        context.restart();
        context.poll();
    };
    for (int i = 0; i < 20; ++i)
        begin_to_wait("a");
    BOOST_TEST(refused["a"] == 14);
    begin_to_wait("b");
    begin_to_wait("b");
    BOOST_TEST(refused["b"] == 0);
    begin_to_wait("b");
    BOOST_TEST(refused["b"] == 1);
    waiters.on_event(event_of("id")); // all resume
    context.restart();
    context.poll();
    begin_to_wait("b");
    BOOST_TEST(refused["b"] == 1);
    waiters.stop();
    run_on_threads(context, 1);
}

BOOST_AUTO_TEST_CASE(places_that_are_shared_out_again_are_those_of_new_waiters) {
    asio::io_context context;
    otp::event_waiters waiters(context.get_executor(), 1, {});
    int refused = 0;
    auto const begin_to_wait = [&] {
        asio::co_spawn(context, waiters.wait("id", "a", waiters.seen("id"), deadline::in(1h)),
                       [&refused](std::exception_ptr, bool may) { refused += may ? 0 : 1; });
        context.restart();
        context.poll();
    };
    begin_to_wait();
    begin_to_wait();
    BOOST_TEST(refused == 1);
    waiters.share_out(2, {"a"});
    for (int i = 0; i < 3; ++i)
        begin_to_wait();
    BOOST_TEST(refused == 2);
    waiters.on_event(event_of("id")); // all resume, also the one with a place of before
    context.restart();
    context.poll();
    for (int i = 0; i < 3; ++i)
        begin_to_wait();
    BOOST_TEST(refused == 3);
    waiters.stop();
    run_on_threads(context, 1);
}

// A single client may use all places.
BOOST_AUTO_TEST_CASE(where_there_is_one_client_it_may_have_every_place) {
    asio::io_context context;
    otp::event_waiters waiters(context.get_executor(), 5, {"default"});
    int refused = 0;
    for (int i = 0; i < 7; ++i)
        asio::co_spawn(context, waiters.wait("id", "default", waiters.seen("id"), deadline::in(1h)),
                       [&](std::exception_ptr, bool may) { refused += may ? 0 : 1; });
    context.poll();
    BOOST_TEST(refused == 2);
    waiters.stop();
    run_on_threads(context, 1);
}

BOOST_FIXTURE_TEST_CASE(nobody_waits_any_more_once_it_is_stopped, event_waiters_fixture) {
    wait_for("a", waiters.seen("a"));
    poll();
    waiters.stop();
    poll();
    BOOST_TEST(woken == 1);
    wait_for("a", waiters.seen("a"));
    poll();
    BOOST_TEST(woken == 2);
}

BOOST_AUTO_TEST_CASE(no_change_is_lost_between_threads) {
    constexpr int rounds = 2000;
    asio::io_context context;
    otp::event_waiters waiters(context.get_executor(), 10);
    std::atomic<int> made = 0;
    std::atomic<int> wanted = 0;
    std::jthread writer([&] {
        for (int round = 1; round <= rounds; ++round) {
            while (wanted < round)
                std::this_thread::yield();
            made = round;
            waiters.on_event(event_of("a"));
        }
    });
    auto reader = [&]() -> asio::awaitable<void> {
        for (int round = 1; round <= rounds; ++round) {
            wanted = round;
            while (true) {
                auto const seen = waiters.seen("a");
                if (made >= round) break;
                co_await waiters.wait("a", "default", seen, deadline::in(1h));
            }
        }
    };
    asio::co_spawn(context, reader(), [&](std::exception_ptr) { waiters.stop(); });
    run_on_threads(context, 2);
    BOOST_TEST(made == rounds);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
