#include "coroutines.hpp"
#include "otpd/net/on_strand.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace asio = boost::asio;
using otpd::net::on_strand;

namespace {

constexpr std::size_t threads = 4; // twice the cores: the scheduler preempts operations

struct contention {
    asio::io_context context;
    otpd::net::strand guard = asio::make_strand(asio::any_io_executor(context.get_executor()));
    std::atomic<int> inside{0};      // operations that run now
    std::atomic<int> overlaps{0};    // must stay 0
    std::atomic<int> left_behind{0}; // continuations still on the strand; must stay 0
    int unguarded = 0; // only the strand protects this (ThreadSanitizer detects a failure)
};

asio::awaitable<void> hammer(contention& shared, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        auto operation = [&shared] {
            if (shared.inside.fetch_add(1) != 0) ++shared.overlaps;
            int const value = ++shared.unguarded;
            --shared.inside;
            return value;
        };
        int const value = co_await on_strand(shared.guard, operation);
        if (value <= 0 || shared.guard.running_in_this_thread()) ++shared.left_behind;
    }
}

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

/// Begins an operation on `home` while another thread is on the strand, which it leaves after
/// `meanwhile`. By then, the operation waits for the strand.
template <class Home, class Begin, class Meanwhile>
void while_occupied(contention& shared, Home const& home, Begin begin, Meanwhile meanwhile) {
    std::atomic<bool> occupied = false;
    std::atomic<bool> over = false;
    auto last = [&] {
        meanwhile();
        over = true;
        over.notify_one();
    };
    asio::post(shared.guard, [&] {
        occupied = true;
        over.wait(false);
    });
    asio::post(home, [&] {
        while (!occupied)
            std::this_thread::yield();
        begin();
        asio::post(home, last);
    });
    otpd::test::run_on_threads(shared.context, 2);
}

} // namespace

BOOST_AUTO_TEST_SUITE(on_strand_helper)

// Operations on one strand never overlap and no caller continues on the strand, however many
// threads run the context and wherever the callers run.
BOOST_AUTO_TEST_CASE(serialises_operations_and_returns_home_under_contention) {
    contention shared;
    constexpr int callers = 64;
    constexpr int rounds = 400;
    for (int i = 0; i < callers; ++i) {
        auto home = asio::make_strand(shared.context);
        asio::co_spawn(home, hammer(shared, rounds), rethrow);
    }
    otpd::test::run_on_threads(shared.context, threads);
    BOOST_TEST(shared.overlaps == 0);
    BOOST_TEST(shared.left_behind == 0);
    BOOST_TEST(shared.unguarded == callers * rounds);
}

// The continuation runs on the caller's own strand after the hop.
BOOST_AUTO_TEST_CASE(continues_on_the_callers_executor) {
    contention shared;
    auto home = asio::make_strand(shared.context);
    std::atomic<int> away{0};
    auto caller = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 1000; ++i) {
            auto operation = [i] { return i; };
            int const got = co_await on_strand(shared.guard, operation);
            if (got != i || !home.running_in_this_thread()) ++away;
        }
    };
    for (int i = 0; i < 8; ++i)
        asio::co_spawn(home, caller, rethrow);
    otpd::test::run_on_threads(shared.context, threads);
    BOOST_TEST(away == 0);
}

// If the strand is free, nothing is queued: neither the operation nor the way back.
BOOST_AUTO_TEST_CASE(a_caller_goes_on_at_once_where_nobody_is_on_the_strand) {
    contention shared;
    bool others_ran = false;
    auto caller = [&]() -> asio::awaitable<bool> {
        asio::post(shared.context, [&others_ran] { others_ran = true; });
        auto on_it = [&shared] { return shared.guard.running_in_this_thread(); };
        bool const was_on_it = co_await on_strand(shared.guard, on_it);
        co_return was_on_it && !others_ran && !shared.guard.running_in_this_thread();
    };
    BOOST_TEST(otpd::test::run(shared.context, caller()));
}

// A cancelled caller still gets the result of its operation, because the effect has happened.
BOOST_AUTO_TEST_CASE(delivers_the_result_when_cancelled_in_the_middle) {
    contention shared;
    constexpr int callers = 200;
    std::atomic<int> effects{0};
    std::atomic<int> delivered{0};
    std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
    for (int i = 0; i < callers; ++i) {
        signals.push_back(std::make_unique<asio::cancellation_signal>());
        auto& signal = *signals.back();
        auto caller = [&]() -> asio::awaitable<void> {
            co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
            auto operation = [&] {
                signal.emit(asio::cancellation_type::all);
                return ++effects;
            };
            co_await on_strand(shared.guard, operation);
            ++delivered;
        };
        // One executor for everything: a signal may only be emitted where its coroutine runs.
        asio::co_spawn(shared.guard, std::move(caller),
                       asio::bind_cancellation_slot(signal.slot(), rethrow));
    }
    otpd::test::run_on_threads(shared.context, 1);
    BOOST_TEST(effects == callers);
    BOOST_TEST(delivered == callers);
}

// The same if the cancellation arrives while the operation waits for the strand.
BOOST_AUTO_TEST_CASE(delivers_the_result_when_cancelled_while_queued) {
    contention shared;
    asio::cancellation_signal signal;
    bool delivered = false;
    auto home = asio::make_strand(shared.context);
    auto caller = [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        auto operation = [] { return 1; };
        delivered = co_await on_strand(shared.guard, operation) == 1;
    };
    auto begin = [&] {
        asio::co_spawn(home, caller, asio::bind_cancellation_slot(signal.slot(), rethrow));
    };
    auto cancel = [&] {
        BOOST_TEST(!delivered);
        signal.emit(asio::cancellation_type::all);
    };
    while_occupied(shared, home, begin, cancel);
    BOOST_TEST(delivered);
}

// A context that is destroyed before the strand was free also destroys the caller and all that it
// holds.
BOOST_AUTO_TEST_CASE(a_caller_that_waits_ends_with_the_context) {
    auto const held = std::make_shared<int>();
    {
        contention shared;
        auto caller = [](contention& all, std::shared_ptr<int> mine) -> asio::awaitable<void> {
            auto operation = [&mine] { return *mine; };
            co_await on_strand(all.guard, operation);
        };
        auto begin = [&] { asio::co_spawn(shared.context, caller(shared, held), rethrow); };
        auto end = [&] { shared.context.stop(); };
        while_occupied(shared, shared.context.get_executor(), begin, end);
        BOOST_TEST(held.use_count() == 2);
    }
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(rethrows_what_the_operation_throws) {
    contention shared;
    auto caller = [&]() -> asio::awaitable<std::string> {
        auto operation = []() -> int { throw std::runtime_error("from inside"); };
        std::string message;
        try {
            co_await on_strand(shared.guard, operation);
        } catch (std::runtime_error const& e) {
            message = e.what();
        }
        co_return message;
    };
    BOOST_TEST(otpd::test::run(shared.context, caller()) == "from inside");
}

// A hundred thousand consecutive hops need no more stack than one.
BOOST_AUTO_TEST_CASE(does_not_grow_the_stack) {
    contention shared;
    asio::co_spawn(shared.context, hammer(shared, 100'000), rethrow);
    otpd::test::run_on_threads(shared.context, 1);
    BOOST_TEST(shared.unguarded == 100'000);
}

BOOST_AUTO_TEST_SUITE_END()
