#pragma once

/// Where operations wait for their turn: each call of the store and of the upstream stops here, on
/// its way there and perhaps on its way back, until the history says which one goes on and what
/// becomes of it.

#include "orders.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace otpd::simulation {

enum class stage : std::uint8_t { to_store, from_store, to_upstream, from_upstream };

enum class fate : std::uint8_t {
    passes,  ///< arrives
    waits,   ///< arrives; what comes back has to wait for its turn again
    lost,    ///< never arrives
    unheard, ///< arrives, and what comes back is lost
    // Between the store and its server:
    unanswered,   ///< arrives and is done, and the server's answer is lost
    never_arrived ///< is not done, and the store cannot tell that
};

/// In the thread of the history only.
class gates {
public:
    struct call {
        operation_id op = none;
        stage where = stage::to_store;
        instant overdue{}; ///< whoever called gives up then
        boost::asio::any_completion_handler<void(fate)> resume;
    };

    /// Who runs now: between two turns every step is this operation's.
    [[nodiscard]] operation_id current() const noexcept { return current_; }
    void set_current(operation_id to) noexcept { current_ = to; }

    boost::asio::awaitable<fate> pass(stage where, instant overdue) {
        auto initiate = [this, where, overdue](auto handler) {
            calls_.push_back(call{current_, where, overdue, std::move(handler)});
        };
        co_return co_await boost::asio::async_initiate<boost::asio::use_awaitable_t<> const,
                                                       void(fate)>(initiate,
                                                                   boost::asio::use_awaitable);
    }

    [[nodiscard]] std::vector<call> const& waiting() const noexcept { return calls_; }
    /// The order of those that stay is as good as any, and always the same.
    call take(std::size_t which) {
        std::swap(calls_[which], calls_.back());
        auto taken = std::move(calls_.back());
        calls_.pop_back();
        return taken;
    }
    /// Their coroutines end without ever going on.
    template <class Whether>
    void drop(Whether whether) {
        std::vector<call> dropped;
        for (std::size_t n = 0; n < calls_.size();)
            if (whether(calls_[n].op))
                dropped.push_back(take(n));
            else
                ++n;
    }

private:
    std::vector<call> calls_;
    operation_id current_ = none;
};

} // namespace otpd::simulation
