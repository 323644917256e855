#pragma once

/// The HTTP/1.1 listener (RFC 9110, 9112): accepts connections and serves a router's handlers.

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

/// Every limit of a server. Deadlines are absolute within their phase: a client that sends one byte
/// a second does not move them.
struct server_options {
    std::string name = "api";       ///< how the observer tells listeners apart
    std::string host = "127.0.0.1"; ///< address or name to bind
    /// One thread alone runs the io_context: connections need no strands then.
    bool one_thread = false;
    std::uint16_t port = 0; ///< 0: any free one

    /// At this many, the connection that has waited longest for a request is closed for each new
    /// one; never a trusted proxy's, never one with a request in progress. Where there is none,
    /// further clients get 503 and are closed: a balancer goes elsewhere at once, where a full
    /// backlog would make it wait. For a moment there may be 64 more, while those that are to be
    /// closed turn out to have a request. Clipped to RLIMIT_NOFILE - 256 when listening.
    std::size_t connections_max = 10'000;
    /// Of one client address, IPv6 by its first 64 bits; further ones get 503 and are closed.
    /// Trusted proxies may have any number.
    std::size_t connections_per_address_max = 1'000;
    std::size_t header_bytes_max = 8192; ///< request line and header section; else 431
    std::size_t header_fields_max = 64;  ///< else 431
    std::size_t target_bytes_max = 2048; ///< else 414
    std::size_t body_bytes_max = 4096;   ///< decoded; else 413

    std::chrono::milliseconds header_timeout{5'000}; ///< from the first byte; else 408
    std::chrono::milliseconds body_timeout{5'000};   ///< from the end of the header; else 408
    /// For a response, plus the time its size takes at `write_bytes_per_second_min`: an absolute
    /// deadline alone would cut off a large file on a slow line.
    std::chrono::milliseconds write_timeout{10'000};
    std::size_t write_bytes_per_second_min = 64 * 1024; ///< at least 1
    /// Between requests; closed without a word. Longer than balancers and scrapers keep an idle
    /// connection: if this end closes first, a request that is on its way is lost.
    std::chrono::milliseconds idle_timeout{620'000};
    /// While the server drains, in place of idle_timeout: a request may be on its way, most of all
    /// from a proxy that does not know yet.
    std::chrono::milliseconds drain_quiet{2'000};
    /// To read what a refused client still sends (at most 4 MiB), plus a second for each 512 KiB of
    /// it: whoever is still sending has not read the refusal yet.
    std::chrono::milliseconds linger_timeout{1'000};
    /// From the first byte of the request; becomes request::until(). Handlers end by themselves
    /// before it. One that does not is cancelled `handler_margin` later and answered with 504: by
    /// then it has had the time to settle what it cannot undo, such as an SMS that was sent.
    std::chrono::milliseconds request_timeout{30'000};
    std::chrono::milliseconds handler_margin{2'000};
    /// From the eleventh 401 to a bearer token of one client address in a minute on, the next come
    /// so late, at most a quarter of `connections_max` of them at a time; further ones at once, and
    /// their connections are closed.
    std::chrono::milliseconds wrong_token_delay{1'000};

    /// Peers that are believed about whom they speak for, see request::client(). Whoever connects
    /// from one of these can give itself any address.
    std::vector<address_range> trusted_proxies;
    /// Every connection comes from a trusted proxy and begins with a header of the PROXY protocol,
    /// version 2, within `header_timeout`; others are closed without an answer. The address in it
    /// becomes the peer. Where it has none the proxy stays the peer and, since whose words the
    /// requests carry is unknown then, their X-Forwarded-For is not believed.
    bool proxy_protocol = false;

    /// Asked about every well-formed request, before its handler; what it returns is the answer in
    /// the handler's place. From any thread; it does not throw. Null: every request is handled.
    std::optional<response> (*refuse)(request const&) = nullptr;

    /// Keys of [server] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = server_options;
        keys.whole("connections_max", &o::connections_max, 1, 1'000'000,
                   "Connections open at once; at more, those that are idle longest are closed.");
        keys.whole("connections_per_address_max", &o::connections_per_address_max, 1, 1'000'000,
                   "Connections of one address (IPv6: /64) that is no trusted proxy; more are "
                   "closed.");
        keys.whole("header_bytes_max", &o::header_bytes_max, 1024, 65'535,
                   "Largest request line and header.", "bytes");
        keys.whole("header_fields_max", &o::header_fields_max, 8, 256,
                   "Most header fields in a request.");
        keys.whole("body_bytes_max", &o::body_bytes_max, 256, 1'048'576, "Largest request body.",
                   "bytes");
        keys.whole("header_timeout_ms", &o::header_timeout, 100, 60'000,
                   "From the first byte of a request to its whole header.");
        keys.whole("body_timeout_ms", &o::body_timeout, 100, 60'000,
                   "From the header to the whole body.");
        keys.whole("write_timeout_ms", &o::write_timeout, 100, 60'000,
                   "For a client to take a whole response.");
        keys.whole("idle_timeout_ms", &o::idle_timeout, 100, 3'600'000,
                   "How long a connection may wait for its next request: longer than your balancer "
                   "keeps it.");
        keys.whole("request_timeout_ms", &o::request_timeout, 100, 300'000,
                   "For the whole work on one request.");
        keys.whole("drain_quiet_ms", &o::drain_quiet, 0, 60'000,
                   "At shutdown, an idle connection is closed after this; half of "
                   "drain_timeout_ms at most.");
        keys.ranges("trusted_proxies", &o::trusted_proxies,
                    "Proxies that are believed about whom they speak for, as address ranges.");
        keys.flag("proxy_protocol", &o::proxy_protocol,
                  "Each connection begins with a PROXY protocol v2 header; others are closed.");
    }
};

/// Each connection runs on a strand of its own, the accept loop on another one; any number of
/// threads may run the io_context (but see server_options::one_thread). All members may be called
/// from any thread, `listen` and `start` once and in this order. Destroy the server before the
/// io_context; the router and the observer outlive the connections, that is: they are destroyed
/// after the io_context has run dry or been destroyed.
class server {
public:
    server(boost::asio::io_context& context, server_options options, router const& routes,
           observer& events);
    server(server const&) = delete;
    server& operator=(server const&) = delete;
    /// Stops like `stop()`.
    ~server();

    /// Binds and listens; clients queue in the kernel from here on. Throws
    /// boost::system::system_error (address in use, unknown host, no permission).
    void listen();
    /// Where it listens: tells the port when 0 was asked for.
    [[nodiscard]] boost::asio::ip::tcp::endpoint local_endpoint() const;
    /// Accepts from here on.
    void start();

    /// Stops accepting; serves whom the kernel has accepted already. Each connection ends with its
    /// next response, which says `Connection: close`, or when server_options::drain_quiet went by
    /// without a request. At `limit`, closes what is left and cancels its handlers. Completes with
    /// true when all connections ended by themselves; at the latest one second after `limit`, even
    /// with a handler that ignores cancellation. Once per server.
    boost::asio::awaitable<bool> drain(deadline limit);
    /// Closes everything now, handlers are cancelled. Returns at once.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::http
