#pragma once

/// Work that a caller who leaves does not stop.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace otpd::otp {

/// Runs it in a coroutine that cannot be cancelled. Functions that it calls need not handle
/// cancellation.
template <class T>
boost::asio::awaitable<T> run_to_the_end(boost::asio::awaitable<T> work) {
    namespace asio = boost::asio;
    auto const executor = co_await asio::this_coro::executor;
    auto const uncancellable =
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    co_return co_await asio::co_spawn(executor, std::move(work), uncancellable);
}

} // namespace otpd::otp
