#pragma once

/// The only way onto a strand that guards state, and off it again.
///
/// Two forms that look right are not (measured with Boost 1.88 and true of Asio's model):
/// `co_await post(strand, deferred)` does not move the coroutine to the strand at all, and
/// `co_await co_spawn(strand, …)` moves it there but leaves the caller's continuation on it, so the
/// rest of the request is serialised with everybody's. Here the operation alone runs on the strand and
/// the caller goes on where it was.

#include "otpd/net/sole_runner.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace otpd::net {

using strand = boost::asio::strand<boost::asio::any_io_executor>;

/// Whether this thread alone runs what `guard` serialises.
[[nodiscard]] inline bool is_alone_on(strand const& guard) {
    return sole_runner::runs(boost::asio::query(guard, boost::asio::execution::context));
}

/// Runs `operation` on `guard` and returns its result on the caller's own executor.
///
/// - `operation` is an ordinary function: it cannot suspend while it owns the state.
/// - It is kept in the caller's coroutine frame, which stays alive until the result is there, so it may
///   capture the caller's locals by reference.
/// - An exception it throws is rethrown to the caller.
/// - Where one thread runs the strand's context (sole_runner) it runs at once, and the caller is not suspended.
/// - Cancelling the caller does not stop an operation on its way: its effect will happen, so its result
///   is always delivered.
template <std::invocable Operation>
    requires(!std::is_void_v<std::invoke_result_t<Operation&>>)
boost::asio::awaitable<std::invoke_result_t<Operation&>> on_strand(strand guard,
                                                                   Operation operation) {
    using value = std::invoke_result_t<Operation&>;
    using outcome = std::variant<value, std::exception_ptr>;
    if (is_alone_on(guard)) co_return operation();

    auto initiate = [&operation](auto handler, strand target) {
        // The caller's executor has nothing else to do meanwhile: without the guard it might stop.
        auto home = boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
        auto visit = [&operation, home = std::move(home), handler = std::move(handler)]() mutable {
            outcome result = [&operation]() -> outcome {
                try {
                    return outcome(std::in_place_index<0>, operation());
                } catch (...) {
                    return outcome(std::in_place_index<1>, std::current_exception());
                }
            }();
            auto leave = [handler = std::move(handler), result = std::move(result)]() mutable {
                std::move(handler)(std::move(result));
            };
            // post, not dispatch: a dispatch could resume the caller from inside the strand.
            boost::asio::post(home.get_executor(), std::move(leave));
        };
        boost::asio::dispatch(target, std::move(visit));
    };

    auto result =
        co_await boost::asio::async_initiate<boost::asio::use_awaitable_t<> const, void(outcome)>(
            initiate, boost::asio::use_awaitable, std::move(guard));
    if (auto* thrown = std::get_if<1>(&result)) std::rethrow_exception(std::move(*thrown));
    co_return std::move(std::get<0>(result));
}

} // namespace otpd::net
