#pragma once

/// Runs coroutines in a test. A coroutine that does not finish fails the test instead of hanging
/// it.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

namespace otpd::test {

/// How long a test waits before it fails as hung. It is far more than a slow machine needs under a
/// sanitizer, and no test passes because of it.
inline constexpr std::chrono::seconds hang_limit{60};

/// Runs `operation` to its end on `context` in this thread, and returns its result or rethrows its
/// exception.
template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> operation) {
    std::optional<T> result;
    std::exception_ptr failure;
    bool done = false;
    boost::asio::co_spawn(context, std::move(operation), [&](std::exception_ptr thrown, T value) {
        failure = thrown;
        if (!thrown) result = std::move(value);
        done = true;
    });
    context.restart();
    auto const end = std::chrono::steady_clock::now() + hang_limit;
    while (!done && context.run_one_until(end) != 0) {
    }
    BOOST_REQUIRE_MESSAGE(done, "the coroutine did not finish");
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

inline void run(boost::asio::io_context& context, boost::asio::awaitable<void> operation) {
    auto wrapped = [](boost::asio::awaitable<void> inner) -> boost::asio::awaitable<bool> {
        co_await std::move(inner);
        co_return true;
    };
    run(context, wrapped(std::move(operation)));
}

/// Runs `context` on `threads` threads until it has no work left.
inline void run_on_threads(boost::asio::io_context& context, std::size_t threads) {
    context.restart();
    std::atomic<bool> hung = false;
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < threads; ++i)
        workers.emplace_back([&] {
            context.run_for(hang_limit);
            if (!context.stopped()) hung = true;
        });
    workers.clear();
    BOOST_REQUIRE_MESSAGE(!hung, "the context did not run dry");
}

} // namespace otpd::test
