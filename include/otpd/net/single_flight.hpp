#pragma once

/// Merges concurrent calls with the same key into one, and can cache the answer for a while.

#include "otpd/core/deadline.hpp"
#include "otpd/net/run_on.hpp"
#include "otpd/net/wait_queue.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace otpd::net {

/// Has its own strand; all members are thread-safe. `Key` identifies the question. `T` is the
/// answer: default-constructible, and copied for each caller.
///
/// A caller that gives up does not cancel the call for the others, so the call needs its own
/// deadline.
template <class Key, class T>
class single_flight {
public:
    using question = std::function<boost::asio::awaitable<T>()>;

    /// The context of `executor` must outlive this object. An answer is cached for `kept`. The
    /// number of cached answers is about the number of keys requested within twice that time.
    explicit single_flight(boost::asio::any_io_executor executor,
                           std::chrono::milliseconds kept = std::chrono::milliseconds::zero())
        : impl_(std::make_shared<impl>(executor, kept)) {}

    /// Returns the answer for `key`: cached, from a running call, or from a new call to `ask`.
    /// Returns nullopt when there is none by `until` or the caller was cancelled. Rethrows an
    /// exception of `ask`.
    boost::asio::awaitable<std::optional<T>> get(Key key, question ask, deadline until) {
        auto self = impl_;
        auto const where = self->strand_;
        auto waiting = impl::wait(std::move(self), std::move(key), std::move(ask), until);
        co_return co_await run_on(where, std::move(waiting));
    }

private:
    struct landing {
        std::exception_ptr thrown;
        T answer;
    };
    struct flight {
        bool is_under_way = false;
        wait_queue<landing> waiting;
        std::optional<T> last;
        steady_time answered_at{};
    };

    class impl : public std::enable_shared_from_this<impl> {
    public:
        impl(boost::asio::any_io_executor const& executor, std::chrono::milliseconds kept)
            : strand_(boost::asio::make_strand(executor)), kept_(kept) {}

        static boost::asio::awaitable<std::optional<T>> wait(std::shared_ptr<impl> self, Key key,
                                                             question ask, deadline until) {
            auto const state = co_await boost::asio::this_coro::cancellation_state;
            if (state.cancelled() != boost::asio::cancellation_type::none) co_return std::nullopt;
            auto const place = self->flights_.try_emplace(key, std::make_shared<flight>()).first;
            auto const its = place->second;
            if (self->is_fresh(*its)) co_return its->last;

            if (!its->is_under_way) self->begin(std::move(key), its, std::move(ask));
            auto landed = co_await its->waiting.wait(until);
            if (!landed) co_return std::nullopt;
            if (landed->thrown) std::rethrow_exception(landed->thrown);
            co_return std::move(landed->answer);
        }

        strand strand_;

    private:
        [[nodiscard]] bool is_fresh(flight const& its) const {
            return its.last && std::chrono::steady_clock::now() - its.answered_at < kept_;
        }

        /// Runs whenever the number of flights has doubled since the last time.
        void forget_stale() {
            if (flights_.size() < stale_looked_at_) return;
            std::erase_if(flights_, [this](auto const& flight) {
                auto const& its = *flight.second;
                return !its.is_under_way && its.waiting.empty() && its.last && !is_fresh(its);
            });
            stale_looked_at_ = std::max(flights_kept_anyway, 2 * flights_.size());
        }

        /// Keeps the question in this frame while it runs.
        static boost::asio::awaitable<T> fly(question ask) { co_return co_await ask(); }

        void begin(Key key, std::shared_ptr<flight> its, question ask) {
            forget_stale();
            its->is_under_way = true;
            auto landed = [self = this->shared_from_this(), key = std::move(key),
                           its](std::exception_ptr thrown, T answer) {
                landing end{thrown, std::move(answer)};
                self->end(key, *its, std::move(end));
            };
            boost::asio::co_spawn(strand_, fly(std::move(ask)), std::move(landed));
        }

        void end(Key const& key, flight& its, landing how) {
            its.is_under_way = false;
            its.waiting.give_all(how);
            if (how.thrown || kept_ == std::chrono::milliseconds::zero()) {
                flights_.erase(key);
                return;
            }
            its.last = std::move(how.answer);
            its.answered_at = std::chrono::steady_clock::now();
        }

        static constexpr std::size_t flights_kept_anyway = 64;

        std::chrono::milliseconds const kept_;
        std::map<Key, std::shared_ptr<flight>> flights_;
        std::size_t stale_looked_at_ = flights_kept_anyway;
    };

    std::shared_ptr<impl> impl_;
};

} // namespace otpd::net
