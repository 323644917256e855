#pragma once

#include <cstddef>
#include <cstdint>

namespace otpd::net {

/// A snapshot of a connection pool, for metrics. Each value is exact by itself; all together are
/// consistent only when the pool is idle.
struct pool_stats {
    std::size_t open = 0;    ///< connections, including those being established
    std::size_t idle = 0;    ///< of the open ones
    std::size_t waiting = 0; ///< requests in the queue
    std::uint64_t connects_failed = 0;
    std::uint64_t handshakes_full = 0;
    std::uint64_t handshakes_resumed = 0;
};

} // namespace otpd::net
