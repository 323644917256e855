#pragma once

/// Where operations wait for their turn. Each call of the store and of the upstream stops here on
/// its way there, and perhaps on its way back, until the history decides which one continues and
/// what happens to it.

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
    waits,   ///< arrives; the answer must wait for its own turn
    lost,    ///< never arrives
    unheard, ///< arrives, and the answer is lost
    // Between the store and its server:
    unanswered,   ///< arrives and is done, and the server's answer is lost
    never_arrived ///< is not done, and the store cannot tell
};

/// Used on the history's thread only.
class gates {
public:
    struct call {
        operation_id op = none;
        stage where = stage::to_store;
        instant overdue{}; ///< the caller gives up at this time
        boost::asio::any_completion_handler<void(fate)> resume;
    };

    /// The running operation: between two turns, every step belongs to it.
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
    /// The order of the remaining calls is arbitrary but deterministic.
    call take(std::size_t which) {
        std::swap(calls_[which], calls_.back());
        auto taken = std::move(calls_.back());
        calls_.pop_back();
        return taken;
    }
    /// Their coroutines are destroyed without being resumed.
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
