#pragma once

/// An HTTP/1.1 client with pooled, verified TLS connections to one origin.
///
/// It does not follow redirects and ignores the environment's proxies (OWASP ASVS 13.2.4, 15.3.2).
/// Thread-safe: it may be used from any executor, and calls resume on the caller's.

#include "otpd/core/deadline.hpp"
#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/net/http_message.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/net/pool_options.hpp"
#include "otpd/net/pool_stats.hpp"
#include "otpd/net/tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <variant>

namespace otpd::net {

class connection;
class connection_pool;
class endpoint_cache;
struct connect_result;

struct https_client_options {
    origin target;
    std::string ca_file; ///< PEM; empty: the system's certificates
    /// Of one exchange, including its wait for a connection.
    std::chrono::milliseconds timeout{20'000};
    /// Resolve, TCP connect and TLS handshake together.
    std::chrono::milliseconds connect_timeout{3'000};
    /// Header lines for every request, each with CR LF. They may contain a secret.
    secret_string headers;
    pool_options pool;
    /// Decides whether an address may be connected to; null: all may. Each address is checked right
    /// before it is used, so that a name cannot resolve differently between check and use. If no
    /// address is left, connecting fails with asio::error::access_denied.
    bool (*allowed)(boost::asio::ip::address const&) = nullptr;
};

class https_client {
public:
    /// `random` and `observer` must outlive the client. Throws when the CA file is unusable.
    https_client(boost::asio::any_io_executor executor, https_client_options options,
                 random_source& random, connect_observer& observer);

    /// Performs one exchange. It ends by `until` and by the client's own timeout. Cancelling the
    /// caller ends it at once; a caller with throw_if_cancelled off still gets the known outcome.
    ///
    /// The exchange retries on another connection when a pooled connection turns out to be dead and
    /// no byte of the request can have arrived (sent_bytes.hpp). A repeatable request is retried
    /// once even if a byte can have arrived.
    boost::asio::awaitable<exchange_result> exchange(http_request request, deadline until);

    /// Shuts the client down: waiting requests end with shutting_down, and idle connections are
    /// closed. Returns true when the last exchange has ended. At `until`, aborts the remaining
    /// exchanges and returns false. Call it once.
    boost::asio::awaitable<bool> drain(deadline until);

    [[nodiscard]] pool_stats stats() const noexcept;
    /// True if the circuit is open: the last attempts to reach the origin failed.
    [[nodiscard]] bool known_dead() const noexcept;

private:
    using outcome = std::variant<exchange_failure, http_response>;

    boost::asio::awaitable<connect_result> connect(connection& to, deadline until);
    [[nodiscard]] secret_string serialize(http_request const& request) const;

    https_client_options const options_;
    std::unique_ptr<tls_context> tls_; ///< null for http
    std::shared_ptr<endpoint_cache> endpoints_;
    std::shared_ptr<connection_pool> pool_;
};

} // namespace otpd::net
