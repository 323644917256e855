#pragma once

/// HTTP/1.1 over pooled, verified TLS connections to one origin.
///
/// Redirects are not followed and the environment's proxies are not used (OWASP
/// ASVS 13.2.4, 15.3.2). Safe to use from any executor; calls continue on the caller's.

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
    std::string ca_file;                              ///< PEM; empty: the system's certificates
    std::chrono::milliseconds timeout{20'000};        ///< of an exchange, waiting included
    std::chrono::milliseconds connect_timeout{3'000}; ///< name, TCP and TLS together
    /// Whole header lines for every request, each with CR LF; may hold a secret.
    secret_string headers;
    pool_options pool;
    /// Addresses that may be connected to; null: all. Asked about each address right before it is
    /// used, so that a name cannot say one thing when it is looked at and another when it is used.
    /// When none is left, connecting fails with asio::error::access_denied.
    bool (*allowed)(boost::asio::ip::address const&) = nullptr;
};

class https_client {
public:
    /// `random` and `observer` must outlive the client. Throws when the CA file cannot be used.
    https_client(boost::asio::any_io_executor executor, https_client_options options,
                 random_source& random, connect_observer& observer);

    /// One exchange, over by `until` and by the client's own timeout at the latest. Cancelling the
    /// caller ends it at once; what is known then is returned to a caller that has turned
    /// throw_if_cancelled off.
    ///
    /// Repeated inside on another connection when a pooled one turned out to be dead and no byte of
    /// the request can have arrived (sent_bytes.hpp); a repeatable request once more even if one
    /// can.
    boost::asio::awaitable<exchange_result> exchange(http_request request, deadline until);

    /// Ends the client: requests that wait are told shutting_down, idle connections are closed.
    /// Returns true as soon as the last exchange is over; at `until` it ends what is left and
    /// returns false. To be called once.
    boost::asio::awaitable<bool> drain(deadline until);

    [[nodiscard]] pool_stats stats() const noexcept;
    /// The circuit is open: the origin could not be reached the last times it was tried.
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
