#pragma once

/// A FIFO queue of coroutines that wait for a value.

#include "otpd/core/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <list>
#include <optional>
#include <utility>

namespace otpd::net {

/// Not thread-safe: it lives on one strand, which also runs its coroutines. It must outlive them.
template <class T>
class wait_queue {
public:
    /// Waits for a value. Returns nullopt when none was given by `until`, or the caller was
    /// cancelled.
    boost::asio::awaitable<std::optional<T>> wait(deadline until) {
        auto const here = co_await boost::asio::this_coro::executor;
        waiter mine{boost::asio::steady_timer(here, until.at()), std::nullopt};
        struct registration {
            wait_queue& in;
            waiter& of;
            ~registration() {
                // give() already removed a waiter that got a value.
                if (!of.given) in.waiting_.remove(&of);
            }
        };
        waiting_.push_back(&mine);
        registration const entry{*this, mine};
        co_await mine.wake_up.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        co_return std::move(mine.given);
    }

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

    /// Gives `what` to the coroutine that has waited longest. Requires a waiting coroutine.
    void give(T what) {
        auto& first = *waiting_.front();
        waiting_.pop_front();
        first.given = std::move(what);
        first.wake_up.cancel();
    }
    void give_all(T const& what) {
        while (!empty())
            give(what);
    }

private:
    struct waiter {
        boost::asio::steady_timer wake_up;
        std::optional<T> given;
    };
    std::list<waiter*> waiting_; ///< they point into frames of wait()
};

} // namespace otpd::net
