#pragma once

/// Runs a whole coroutine on a strand and resumes the caller on its own executor. Use it for work
/// that suspends while the strand is its executor, such as the I/O of a connection. Use on_strand()
/// to read or change state.

#include "otpd/net/on_strand.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <tuple>
#include <utility>

namespace otpd::net {

/// Awaits `work` so that no await inside it throws when the caller is cancelled. The outcome of a
/// request matters most when its caller gave up.
template <class T>
boost::asio::awaitable<T> without_cancellation_throws(boost::asio::awaitable<T> work) {
    bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto result = co_await std::move(work);
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    co_return result;
}

/// Awaits `work` with `where` as its executor. `T` must be default-constructible.
///
///   - Terminal cancellation of the caller reaches the operation that `work` awaits at that moment.
///     It does not reach later waits, so `work` checks `this_coro::cancellation_state` between its
///     steps.
///   - The result of `work` is delivered even then, and awaits inside `work` do not throw because
///     of the cancellation.
///   - An exception of `work` is rethrown on the caller's executor.
///   - If one thread runs the strand's context (single_threaded_scope), `work` starts at once on
///     the caller's executor, which is equivalent.
template <class T>
boost::asio::awaitable<T> run_on(strand where, boost::asio::awaitable<T> work) {
    bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    std::exception_ptr thrown;
    T result{};
    if (is_single_threaded(where)) {
        try {
            result = co_await std::move(work);
        } catch (...) {
            thrown = std::current_exception();
        }
    } else {
        std::tie(thrown, result) =
            co_await boost::asio::co_spawn(where, without_cancellation_throws(std::move(work)),
                                           boost::asio::as_tuple(boost::asio::deferred));
        // co_spawn completes on `where`. Leave it, or the rest of the request would stay there.
        co_await boost::asio::post(boost::asio::deferred);
    }
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    if (thrown) std::rethrow_exception(thrown);
    co_return result;
}

} // namespace otpd::net
