#pragma once

/// Keeps the routes apart: one that hangs or fails takes neither the connections nor the time of
/// the others. Each send passes a gate of its route.
///
/// **Bulkhead.** Of each route so many sends are with the upstream at a time. The number adapts: a
/// send that is answered well raises it by 1/limit, one that hangs or fails halves it (at most once
/// for those that were begun before the last halving), between `concurrency_min` and
/// `concurrency_max` (AIMD, as TCP does it). What is over it waits in a bounded first-come queue,
/// and is refused at once with not_sent{pool_exhausted} when the queue is full or when, by the
/// route's usual time for a send, its turn would come too late for its deadline; so is one whose
/// deadline passes in the queue, or whose caller is cancelled there.
///
/// **Breaker** (net/circuit_breaker.hpp). While it is open, sends are not_sent{circuit_open} at
/// once, and so is the queue. One rate_limited with a Retry-After opens it at once, for that long.
/// Failures are what the route or the way to it is to blame for: unknown outcomes, vendor_failed,
/// upstream_error, rate_limited, connect_failed, connection_lost, timed_out. A refused number or an
/// empty account is an answer. Neither: what the client behind refuses by itself (circuit_open,
/// pool_exhausted, shutting_down: the whole upstream, or our own side), tls_failed, a request that
/// was lost on a stale connection (types.hpp), and an exception.
///
/// Every refusal of a gate has a retry_after of a second or more.

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
    std::size_t concurrency_max = 32; ///< less than the client's connections: others need some
    std::size_t queue_max = 128;
    net::circuit_options circuit{.failures_to_open = 5,
                                 .probes_to_close = 2,
                                 .open_min = std::chrono::milliseconds(1'000),
                                 .open_max = std::chrono::milliseconds(3'000),
                                 .open_longest = std::chrono::milliseconds(60'000)};

    /// Keys of [routes] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = route_gate_options;
        keys.whole("concurrency_max", &o::concurrency_max, 0, 1024,
                   "Sends of one route that are with BridgeXAPI at a time; 0 is half of "
                   "bridgexapi.connections_max.");
        keys.whole("queue_max", &o::queue_max, 0, 100'000,
                   "Sends of one route that may wait for their turn; more are refused, or take the "
                   "next step.");
        keys.part(&o::circuit)
            .whole("failures_to_open", &net::circuit_options::failures_to_open, 1, 1000,
                   "After so many failures in a row a route is left alone for a few seconds, then "
                   "probed.");
    }
};

/// A snapshot, for metrics.
struct route_gate_stats {
    int route_id = 0;        ///< 0: of all ids that are none of 1 to 8, together
    std::size_t limit = 0;   ///< sends at a time
    std::size_t running = 0; ///< now
    std::size_t waiting = 0;
    bool open = false; ///< the breaker: nothing passes but probes
    /// It is open and no probe is due: a send now is refused.
    bool refusing = false;
};

/// Told when a breaker changes, from any thread. Must not block or throw.
class route_gate_observer {
public:
    virtual ~route_gate_observer() = default;
    /// Also when a probe failed and it stays open.
    virtual void opened(int route_id, reason why, std::chrono::milliseconds for_how_long) = 0;
    virtual void closed(int route_id) = 0;
};

/// Each gate on a strand of its own. Safe to use from any executor.
class route_gates final : public sms_sender {
public:
    /// Everything must outlive it, and it the calls on it.
    route_gates(boost::asio::any_io_executor executor, sms_sender& behind,
                route_gate_options options, clock const& now, random_source& random,
                route_gate_observer& observer);
    ~route_gates() override;

    boost::asio::awaitable<send_outcome> send_sms(sms message, deadline until) override;

    /// From any thread; ascending by route, the one of unknown ids first.
    [[nodiscard]] std::vector<route_gate_stats> stats() const;

private:
    class gate;
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::bridgexapi
