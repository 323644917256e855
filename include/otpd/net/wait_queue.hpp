#pragma once

/// A first-come queue of coroutines, each of which waits until it is given something.

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

/// Not synchronised: lives on one strand, on which its coroutines run. It must outlive them.
template <class T>
class wait_queue {
public:
    /// What it was given; nothing when it got nothing by `until`, or its caller was cancelled
    /// meanwhile.
    boost::asio::awaitable<std::optional<T>> wait(deadline until) {
        auto const here = co_await boost::asio::this_coro::executor;
        waiter mine{boost::asio::steady_timer(here, until.at()), std::nullopt};
        struct registration {
            wait_queue& in;
            waiter& of;
            ~registration() {
                // One that was given something was taken out of the queue together with it.
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

    /// To who has waited longest; not to be called when nobody waits.
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
    std::list<waiter*> waiting_; ///< in frames of wait()
};

} // namespace otpd::net
