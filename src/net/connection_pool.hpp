#pragma once

/// A bounded set of connections to one origin, and a bounded first-come queue for them.
///
/// The book-keeping lives on the pool's strand; the connections' I/O does not (connection.hpp). All
/// public members may be called from any executor, and coroutines continue on the caller's.
/// Which connections rest and are used again: idle_connections.hpp, by the rules of
/// reuse_policy.hpp.

#include "connection.hpp"
#include "idle_connections.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/net/pool_options.hpp"
#include "otpd/net/pool_stats.hpp"
#include "otpd/net/tls_context.hpp"
#include "otpd/net/wait_queue.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

namespace otpd::net {

class connection_pool;

/// The right to use one connection. Gives it back when it dies: to the idle ones if it is reusable,
/// else its place to the next in the queue. Movable; may die on any executor.
class lease {
public:
    lease() = default;
    /// `entry` into the circuit of one that is not connected yet.
    lease(std::shared_ptr<connection_pool> pool, std::shared_ptr<connection> held,
          std::optional<circuit_breaker::entry> entry = std::nullopt) noexcept
        : pool_(std::move(pool)), held_(std::move(held)), unreported_(entry) {}
    lease(lease&&) noexcept = default;
    lease& operator=(lease&& other) noexcept;
    ~lease() { give_back(); }

    explicit operator bool() const noexcept { return held_ != nullptr; }
    [[nodiscard]] connection& operator*() const noexcept { return *held_; }
    [[nodiscard]] connection* operator->() const noexcept { return held_.get(); }

    /// How connecting went. To be called once for a connection that was handed out unconnected; a
    /// lease that dies without it counts as neither success nor failure.
    void report(connect_result const& result);

private:
    void give_back() noexcept;

    std::shared_ptr<connection_pool> pool_;
    std::shared_ptr<connection> held_;
    std::optional<circuit_breaker::entry> unreported_;
};

struct acquired {
    lease held; ///< empty: `failure` says why
    exchange_failure failure;
};

/// Owned by a shared_ptr; leases keep it alive.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
public:
    /// `random` and `observer` must outlive the pool.
    connection_pool(boost::asio::any_io_executor executor, origin target, tls_context* tls,
                    pool_options options, random_source& random, connect_observer& observer);

    /// A connection, idle (connected() is true) or to be connected by the caller. Waits for a place
    /// until `until`, `wait_max` at most. Failures: pool_exhausted, circuit_open, shutting_down,
    /// timed_out.
    boost::asio::awaitable<acquired> acquire(deadline until);

    /// Ends the pool: nothing is handed out any more, the queue is told shutting_down, idle
    /// connections are closed. Returns true as soon as the last lease is back; at `until` it ends
    /// what is left and returns false. To be called once.
    boost::asio::awaitable<bool> drain(deadline until);

    [[nodiscard]] pool_stats stats() const noexcept;
    /// The circuit is open: the origin could not be reached the last times it was tried. Not once
    /// it is half open: only a request can find out then, and a balancer that is told to send none
    /// here would keep it so for ever.
    [[nodiscard]] bool known_dead() const noexcept {
        return std::chrono::steady_clock::now().time_since_epoch().count() < dead_until_;
    }

private:
    friend class lease;

    struct counters {
        std::atomic<std::size_t> open{0}, idle{0}, waiting{0};
        std::atomic<std::uint64_t> connects_failed{0}, handshakes_full{0}, handshakes_resumed{0};
    };

    boost::asio::awaitable<acquired> acquire_here(std::shared_ptr<connection_pool> self,
                                                  deadline until);
    boost::asio::awaitable<acquired> wait_in_queue(deadline until);
    boost::asio::awaitable<bool> drain_here(std::shared_ptr<connection_pool> self, deadline until);

    // All of these run on strand_.
    [[nodiscard]] std::optional<acquired> try_acquire();
    [[nodiscard]] acquired refuse(exchange_error why) const;
    [[nodiscard]] acquired open_new();
    void take_back(std::shared_ptr<connection> returned, tls_session newest,
                   std::optional<circuit_breaker::entry> unreported);
    void idle_closed(std::shared_ptr<connection> const& closed);
    void connect_reported(connect_result const& result, circuit_breaker::entry const& entry);
    void end(idle_connections::list const& ended);
    void serve_queue();
    void arm_timer(steady_time now);
    void timer_fired();
    void confirm(std::shared_ptr<connection> const& tried);
    void publish() noexcept;

    strand strand_;
    origin const target_;
    tls_context* tls_;
    pool_options const options_;
    connect_observer& observer_;
    counters counters_;
    std::atomic<steady_time::rep> dead_until_ = steady_time::min().time_since_epoch().count();

    // On strand_ only.
    std::unordered_set<std::shared_ptr<connection>> all_;
    idle_connections idle_;
    wait_queue<acquired> queue_;
    circuit_breaker circuit_;
    tls_session newest_session_;
    bool draining_ = false;
    steady_time timer_at_ = steady_time::max(); ///< when its wait ends; max: it does not wait
    boost::asio::steady_timer timer_;           ///< looks again at the idle ones
    boost::asio::steady_timer drained_;         ///< cancelled when the last connection is gone
};

} // namespace otpd::net
