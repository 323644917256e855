#pragma once

/// What the backends of servers have in common. Used on one strand.

#include "otpd/core/clock.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/store/backend.hpp"
#include "store_time.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace otpd::store {

inline constexpr auto no_throw = boost::asio::as_tuple(boost::asio::use_awaitable);

/// An estimate of a server's clock between the times in its answers.
class server_clock {
public:
    /// Clocks do not normally drift further apart. A batch whose time is further off is refused.
    static constexpr counter_time drift_max = std::chrono::milliseconds(100);

    explicit server_clock(observer& observer = observer::none()) noexcept : observer_(observer) {}

    [[nodiscard]] store_time at(steady_time when) const noexcept {
        return store_time(std::chrono::floor<counter_time>(when.time_since_epoch() + ahead_));
    }
    /// The server's clock showed `told` at some moment between `sent` and `received`. Returns the
    /// correction: negative if the server's clock is behind the estimate.
    counter_time follow(steady_time sent, steady_time received, store_time told) noexcept {
        auto const said = steady_time::duration(told.time_since_epoch());
        auto const before = ahead_;
        ahead_ =
            std::clamp(before, said - received.time_since_epoch(), said - sent.time_since_epoch());
        auto const by = std::chrono::floor<counter_time>(ahead_ - before);
        if (std::exchange(is_known_, true) && std::chrono::abs(by) > drift_max)
            observer_.clock_jumped(std::chrono::floor<duration>(by));
        return by;
    }

private:
    observer& observer_;
    steady_time::duration ahead_{0}; ///< of the steady clock
    bool is_known_ = false;
};

/// The pause between two attempts to connect. It grows after each failure, and half of it is random
/// so that instances do not reconnect at the same time.
class retry_pause {
public:
    explicit retry_pause(net::strand const& strand) : timer_(strand) {}

    boost::asio::awaitable<void> wait(bool was_connected) {
        constexpr std::chrono::milliseconds shortest{50};
        constexpr std::chrono::milliseconds longest{500};
        next_ = was_connected ? shortest : std::clamp(2 * next_, shortest, longest);
        std::uniform_int_distribution<std::int64_t> half(0, next_.count() / 2);
        timer_.expires_after(next_ - std::chrono::milliseconds(half(chance_)));
        co_await timer_.async_wait(no_throw);
    }
    void cancel() { timer_.cancel(); }

private:
    boost::asio::steady_timer timer_;
    std::chrono::milliseconds next_{0};
    std::minstd_rand chance_{std::random_device{}()};
};

/// How the first attempt to use a server ended: empty, or why the server can never be used as it is
/// configured.
class first_attempt {
public:
    explicit first_attempt(net::strand const& strand)
        : ended_(strand, boost::asio::steady_timer::time_point::max()) {}

    /// Later calls concern other attempts and are ignored.
    void end(std::optional<std::string> why_unusable = std::nullopt) {
        if (std::exchange(is_over_, true)) return;
        why_unusable_ = std::move(why_unusable);
        ended_.cancel();
    }
    boost::asio::awaitable<std::optional<std::string>> wait() {
        while (!is_over_)
            co_await ended_.async_wait(no_throw);
        co_return why_unusable_;
    }

private:
    boost::asio::steady_timer ended_; ///< cancelled when it has ended
    bool is_over_ = false;
    std::optional<std::string> why_unusable_;
};

} // namespace otpd::store
