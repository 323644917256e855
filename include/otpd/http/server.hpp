#pragma once

/// The HTTP/1.1 listener (RFC 9110, 9112). It accepts connections and serves a router's handlers.

#include "otpd/core/deadline.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/http/observer.hpp"
#include "otpd/http/router.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::http {

/// The limits of a server. Each phase has an absolute deadline, which a slow client cannot extend.
struct server_options {
    std::string name = "api";       ///< the listener's name for the observer
    std::string host = "127.0.0.1"; ///< the address or name to bind
    /// True if a single thread runs the io_context: connections then need no strands.
    bool one_thread = false;
    std::uint16_t port = 0; ///< 0: any free port
    /// The path of a Unix socket to listen on instead, for its owner alone. Its clients have the
    /// address 127.0.0.1. Empty: none.
    std::string socket_path;

    /// At this limit, each new connection closes the one that has waited longest for a request. It
    /// never closes a connection of a trusted proxy or one with a request in progress. If there is
    /// none to close, the new client gets 503 and is closed: a load balancer then fails over at
    /// once, while a full backlog would make it wait. The limit may be exceeded by 64 for a moment,
    /// while connections chosen for closing turn out to have a request. listen() clips it to
    /// RLIMIT_NOFILE - 256.
    std::size_t connections_max = 10'000;
    /// Connections of one client address (IPv6: of one /64). Further ones get 503 and are closed.
    /// Trusted proxies are unlimited.
    std::size_t connections_per_address_max = 1'000;
    std::size_t header_bytes_max = 8192; ///< request line and header section; above it 431
    std::size_t header_fields_max = 64;  ///< above it 431
    std::size_t target_bytes_max = 2048; ///< above it 414
    std::size_t body_bytes_max = 4096;   ///< decoded; above it 413

    std::chrono::milliseconds header_timeout{5'000}; ///< from the first byte; after it 408
    std::chrono::milliseconds body_timeout{5'000};   ///< from the end of the header; after it 408
    /// To send a response, in addition to its size divided by `write_bytes_per_second_min`: a fixed
    /// deadline would cut off a large file on a slow line.
    std::chrono::milliseconds write_timeout{10'000};
    std::size_t write_bytes_per_second_min = 64 * 1024; ///< at least 1
    /// Between two requests; then the connection is closed without a response. It exceeds the idle
    /// timeouts of load balancers and scrapers: if this end closes first, a request in transit is
    /// lost.
    std::chrono::milliseconds idle_timeout{620'000};
    /// Replaces idle_timeout while the server drains. A request may be in transit, especially from
    /// a proxy that does not know of the shutdown yet.
    std::chrono::milliseconds drain_quiet{2'000};
    /// To read what a refused client still sends (at most 4 MiB), plus a second for each 512 KiB of
    /// it. A client that is still sending has not read the refusal yet.
    std::chrono::milliseconds linger_timeout{1'000};
    /// From the first byte of the request; becomes request::until(). Handlers end by themselves
    /// before it. If one does not, it is cancelled `handler_margin` later and answered with 504.
    /// The margin lets it settle what it cannot undo, such as an SMS that was sent.
    std::chrono::milliseconds request_timeout{30'000};
    std::chrono::milliseconds handler_margin{2'000};
    /// The delay of each 401 to a bearer token, from the eleventh of one client address within a
    /// minute on. At most a quarter of `connections_max` responses are delayed at a time. Further
    /// ones are sent at once and their connections closed.
    std::chrono::milliseconds wrong_token_delay{1'000};

    /// Peers that may name their client's address; see request::client(). Such a peer can claim any
    /// address.
    std::vector<address_range> trusted_proxies;
    /// Requires each connection to come from a trusted proxy and to begin with a PROXY protocol
    /// version 2 header within `header_timeout`; others are closed without a response. The header's
    /// address becomes the peer. If it has no address, the proxy remains the peer and
    /// X-Forwarded-For is ignored, because the origin of the requests is unknown.
    bool proxy_protocol = false;

    /// Settings keys of [server].
    template <class Keys>
    static void declare(Keys keys) {
        using o = server_options;
        keys.whole("connections_max", &o::connections_max, 1, 1'000'000,
                   "Most connections open at once. Above that, otpd closes those that have been "
                   "idle longest.");
        keys.whole("connections_per_address_max", &o::connections_per_address_max, 1, 1'000'000,
                   "Most connections of one address (IPv6: /64); more are closed. Trusted proxies "
                   "are exempt.");
        keys.whole("header_bytes_max", &o::header_bytes_max, 1024, 65'535,
                   "Largest request line and header.", "bytes");
        keys.whole("header_fields_max", &o::header_fields_max, 8, 256,
                   "Most header fields in a request.");
        keys.whole("body_bytes_max", &o::body_bytes_max, 256, 1'048'576, "Largest request body.",
                   "bytes");
        keys.whole("header_timeout_ms", &o::header_timeout, 100, 60'000,
                   "How long a request's header may take, from its first byte.");
        keys.whole("body_timeout_ms", &o::body_timeout, 100, 60'000,
                   "How long a request's body may take, from the end of the header.");
        keys.whole("write_timeout_ms", &o::write_timeout, 100, 60'000,
                   "How long a client may take to read a whole response.");
        keys.whole("idle_timeout_ms", &o::idle_timeout, 100, 3'600'000,
                   "How long a connection may be idle. Make it longer than your balancer keeps "
                   "idle connections.");
        keys.whole("request_timeout_ms", &o::request_timeout, 100, 300'000,
                   "How long otpd may work on one request.");
        keys.whole("drain_quiet_ms", &o::drain_quiet, 0, 60'000,
                   "At shutdown, how long a connection may be idle before it is closed; at most "
                   "half of drain_timeout_ms.");
        keys.add("trusted_proxies", &o::trusted_proxies, keys.ranges(),
                 "Address ranges of the proxies that otpd trusts to name the client's address.");
        keys.flag("proxy_protocol", &o::proxy_protocol,
                  "Whether each connection must begin with a PROXY protocol v2 header; others are "
                  "closed.");
    }
};

/// Each connection runs on its own strand, and so does the accept loop. Any number of threads may
/// run the io_context (but see server_options::one_thread). All members are thread-safe; call
/// `listen` and then `start`, each once. Destroy the server before the io_context. The router and
/// the observer must outlive the connections: destroy them after the io_context has run out of work
/// or been destroyed.
class server {
public:
    server(boost::asio::io_context& context, server_options options, router const& routes,
           observer& events);
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    /// Calls `stop()`.
    ~server();

    /// Binds and listens; from now on the kernel queues clients. Throws boost::system::system_error
    /// (address in use, unknown host, no permission); for a Unix socket std::runtime_error with the
    /// whole message.
    void listen();
    /// The address it listens on, with the actual port if port 0 was requested. None of a Unix
    /// socket's.
    [[nodiscard]] boost::asio::ip::tcp::endpoint local_endpoint() const;
    /// Starts to accept connections.
    void start();

    /// Stops accepting, but serves the connections that the kernel has already accepted. Each
    /// connection ends with its next response, which says `Connection: close`, or after
    /// server_options::drain_quiet without a request. At `limit`, closes the remaining connections
    /// and cancels their handlers. Completes with true if all connections ended by themselves, and
    /// at the latest one second after `limit`, even if a handler ignores cancellation. Call it
    /// once.
    boost::asio::awaitable<bool> drain(deadline limit);
    /// Closes all connections now and cancels their handlers. Returns at once.
    void stop();

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::http
