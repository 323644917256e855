#pragma once

/// The options and the observer of a connection pool for one origin (src/net/connection_pool.hpp).

#include "otpd/net/circuit_breaker.hpp"
#include "otpd/net/http_message.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>

namespace otpd::net {

/// Of a reply; a longer one is a failure of its exchange.
struct connection_limits {
    std::size_t header_bytes_max = 8 * 1024;
    std::size_t body_bytes_max = 64 * 1024;
};

struct pool_options {
    std::size_t connections_max = 64;          ///< open at once, idle ones included
    std::size_t waiters_max = 1024;            ///< for a connection; more are refused
    std::chrono::milliseconds wait_max{5'000}; ///< for a connection
    /// Well below the 60 s and more after which servers and balancers usually close.
    std::chrono::milliseconds idle_max{30'000};
    /// Bounded, so that changes of addresses and certificates take effect.
    std::chrono::milliseconds lifetime_max{600'000};
    // When connections are used again, see src/net/reuse_policy.hpp.
    std::chrono::milliseconds probation{200}; ///< 0: trust the origin whatever it does
    std::chrono::milliseconds fresh_min{5'000};
    /// Also how long the pool remembers what it learned.
    std::chrono::milliseconds fresh_max{600'000};
    connection_limits limits;
    circuit_options circuit; ///< for connecting only: an origin that answers badly is reachable
};

/// Called for every connection attempt, on the pool's strand. Implementations must not block or
/// throw.
class connect_observer {
public:
    virtual ~connect_observer() = default;
    virtual void connected(bool session_resumed) = 0;
    /// `error` comes from OpenSSL or the system and contains no secret.
    virtual void connect_failed(exchange_error why, boost::system::error_code error) = 0;
    /// A request was lost on a reused connection. For this long, each request gets a new
    /// connection.
    virtual void stopped_reusing([[maybe_unused]] std::chrono::milliseconds for_how_long) {}
};

} // namespace otpd::net
