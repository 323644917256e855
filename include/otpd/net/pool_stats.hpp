#pragma once

#include <cstddef>
#include <cstdint>

namespace otpd::net {

/// A connection pool at a glance, for metrics. Each figure is right by itself, all together only at
/// rest.
struct pool_stats {
    std::size_t open = 0;    ///< connections, with those being made
    std::size_t idle = 0;    ///< of them
    std::size_t waiting = 0; ///< requests in the queue
    std::uint64_t connects_failed = 0;
    std::uint64_t handshakes_full = 0;
    std::uint64_t handshakes_resumed = 0;
};

} // namespace otpd::net
