#pragma once

/// Isolates the routes from each other: a route that hangs or fails does not take the connections
/// or the time of the others. Each send passes the gate of its route.
///
/// **Bulkhead.** Each route has a limit of concurrent sends, which adapts between `concurrency_min`
/// and `concurrency_max` (AIMD, as in TCP). A successful send raises it by 1/limit. A send that
/// hangs or fails halves it, but not if that send began before the last halving. Further sends wait
/// in a bounded FIFO queue. A send is refused with not_sent{pool_exhausted} when
///   - the queue is full;
///   - the route's usual send time says that its turn would come after its deadline;
///   - its deadline passes, or its caller is cancelled, while it is in the queue.
///
/// **Circuit breaker** (net/circuit_breaker.hpp). While it is open, new and queued sends end at
/// once with not_sent{circuit_open}. A rate_limited with Retry-After opens it at once, for that
/// long. Failures are unknown outcomes and what the route or the way to it causes: vendor_failed,
/// upstream_error, rate_limited, connect_failed, connection_lost, timed_out. A refused number or an
/// empty account counts as an answer. The following count as neither:
///   - refusals by the client itself (circuit_open, pool_exhausted, shutting_down), which concern
///     the whole upstream or our own side;
///   - tls_failed;
///   - a request that was lost on a stale connection (types.hpp);
///   - an exception.
///
/// Every refusal by a gate has a retry_after of at least one second.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/circuit_breaker.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace otpd::bridgexapi {

struct route_gate_options {
    std::size_t concurrency_min = 2;
    std::size_t concurrency_initial = 16;
    /// fewer than the client's connections, so that other routes get some
    std::size_t concurrency_max = 32;
    std::size_t queue_max = 128;
    net::circuit_options circuit{.failures_to_open = 5,
                                 .probes_to_close = 2,
                                 .open_min = std::chrono::milliseconds(1'000),
                                 .open_max = std::chrono::milliseconds(3'000),
                                 .open_longest = std::chrono::milliseconds(60'000)};

    /// Settings keys of [routes].
    template <class Keys>
    static void declare(Keys keys) {
        using o = route_gate_options;
        keys.whole("concurrency_max", &o::concurrency_max, 0, 1024,
                   "Most sends of one route that are with BridgeXAPI at a time; 0: half of "
                   "bridgexapi.connections_max.");
        keys.whole("queue_max", &o::queue_max, 0, 100'000,
                   "Most sends of one route that may wait for their turn. More are refused, or "
                   "take their plan's next step.");
        keys.part(&o::circuit)
            .whole("failures_to_open", &net::circuit_options::failures_to_open, 1, 1000,
                   "Failures in a row that open a route's circuit breaker for a few seconds; then "
                   "it is probed.");
    }
};

/// A snapshot, for metrics.
struct route_gate_stats {
    int route_id = 0;      ///< 0: all ids other than 1 to 8 together
    std::size_t limit = 0; ///< concurrent sends
    std::size_t running = 0;
    std::size_t waiting = 0;
    bool open = false; ///< the breaker is open: only probes pass
    /// The breaker is open and no probe is due: it refuses every send.
    bool refusing = false;
};

/// Called from any thread when a breaker changes. Implementations must not block or throw.
class route_gate_observer {
public:
    virtual ~route_gate_observer() = default;
    /// Also called when a probe failed and the breaker stays open.
    virtual void opened(int route_id, reason why, std::chrono::milliseconds for_how_long) = 0;
    virtual void closed(int route_id) = 0;
};

/// Each gate has its own strand. Thread-safe.
class route_gates final : public sms_sender {
public:
    /// All arguments must outlive the gates, and the gates their calls.
    route_gates(boost::asio::any_io_executor executor, sms_sender& behind,
                route_gate_options options, clock const& now, random_source& random,
                route_gate_observer& observer);
    ~route_gates() override;

    boost::asio::awaitable<send_outcome> send_sms(sms message, deadline until) override;

    /// Other options, after a reload. Running sends keep their places. Thread-safe.
    void apply(route_gate_options const& options);

    /// Thread-safe. Ascending by route; the entry of unknown ids comes first.
    [[nodiscard]] std::vector<route_gate_stats> stats() const;

private:
    class gate;

    sms_sender& behind_;
    std::vector<std::shared_ptr<gate>> gates_; ///< indexed by route id
};

} // namespace otpd::bridgexapi
