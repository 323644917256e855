#pragma once

/// A bounded set of connections to one origin, and a bounded first-come, first-served queue for
/// them.
///
/// The book-keeping runs on the pool's strand; the connections' I/O does not (connection.hpp). Any
/// executor may call the public members, and coroutines continue on the caller's.
/// idle_connections.hpp keeps the idle connections, and reuse_policy.hpp decides which are reused.

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

/// The right to use one connection. Its destructor returns a reusable connection to the idle ones,
/// or gives its place to the next waiter. Movable; may be destroyed on any executor.
class lease {
public:
    lease() = default;
    /// `entry`: the circuit breaker's permission, for a connection that is not connected yet.
    lease(std::shared_ptr<connection_pool> pool, std::shared_ptr<connection> held,
          std::optional<circuit_breaker::entry> entry = std::nullopt) noexcept
        : pool_(std::move(pool)), held_(std::move(held)), unreported_(entry) {}
    lease(lease&&) noexcept = default;
    lease& operator=(lease&& other) noexcept;
    ~lease() { give_back(); }

    explicit operator bool() const noexcept { return held_ != nullptr; }
    [[nodiscard]] connection& operator*() const noexcept { return *held_; }
    [[nodiscard]] connection* operator->() const noexcept { return held_.get(); }

    /// Reports the result of the connect. Call it once for a connection that was handed out
    /// unconnected. A lease that is destroyed without it counts as neither success nor failure.
    void report(connect_result const& result);

private:
    void give_back() noexcept;

    std::shared_ptr<connection_pool> pool_;
    std::shared_ptr<connection> held_;
    std::optional<circuit_breaker::entry> unreported_;
};

struct acquired {
    lease held; ///< empty: see `failure`
    exchange_failure failure;
};

/// Owned by a shared_ptr; leases keep it alive.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
public:
    /// `random` and `observer` must outlive the pool.
    connection_pool(boost::asio::any_io_executor executor, origin target, tls_context* tls,
                    pool_options options, random_source& random, connect_observer& observer);

    /// Returns an idle connection (connected() is true) or one that the caller must connect. Waits
    /// for a place until `until`, `wait_max` at most. Failures: pool_exhausted, circuit_open,
    /// shutting_down, timed_out.
    boost::asio::awaitable<acquired> acquire(deadline until);

    /// Ends the pool: it hands out no connections, fails all waiters with shutting_down, and closes
    /// idle connections. Returns true as soon as the last lease is returned. At `until` it aborts
    /// the remaining connections and returns false. Call once.
    boost::asio::awaitable<bool> drain(deadline until);

    [[nodiscard]] pool_stats stats() const noexcept;
    /// Whether the circuit is open: the last connects to the origin failed. False once the circuit
    /// is half open: only a request can probe the origin then, and a balancer that stopped sending
    /// requests would keep the circuit half open for ever.
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

    // These run on strand_.
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

    // Used on strand_ only.
    std::unordered_set<std::shared_ptr<connection>> all_;
    idle_connections idle_;
    wait_queue<acquired> queue_;
    circuit_breaker circuit_;
    tls_session newest_session_;
    bool draining_ = false;
    steady_time timer_at_ = steady_time::max(); ///< when its wait ends; max: it does not wait
    boost::asio::steady_timer timer_;           ///< for the next check of the idle connections
    boost::asio::steady_timer drained_;         ///< cancelled when the last connection has ended
};

} // namespace otpd::net
