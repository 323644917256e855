#pragma once

/// Observes a server. `app/` turns the calls into log lines and metrics.

#include "otpd/http/method.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <string_view>

namespace otpd::http {

/// One answered request, also one that never reached a handler. Holds nothing that a client could
/// have put a number or code into: no target, no header, no body.
struct request_record {
    std::string_view listener;
    method verb = method::other;
    /// The pattern of the route, or one of `router::unmatched` and `router::malformed`: safe as a
    /// metric's label.
    std::string_view route;
    unsigned status = 0;
    /// From the last byte of the request to the response being ready.
    std::chrono::steady_clock::duration handling{};
    std::string_view request_id;
    boost::asio::ip::address peer;   ///< see request::peer()
    boost::asio::ip::address client; ///< see request::client()
    std::size_t request_body_bytes = 0;
    std::size_t response_body_bytes = 0;
    /// Every byte of the response was handed to the kernel.
    bool sent = false;
};

/// Why there is no room for a connection.
enum class refusal {
    full,    ///< server_options::connections_max, and none that may be closed in its favour
    address, ///< server_options::connections_per_address_max
};

/// Called on the connection's strand or the server's, so by several threads at once:
/// implementations are thread-safe, do not block and do not throw. Views are valid during the call
/// only.
class observer {
public:
    virtual ~observer() = default;

    virtual void request_finished(request_record const&) noexcept {}
    virtual void connection_opened(std::string_view /*listener*/) noexcept {}
    virtual void connection_closed(std::string_view /*listener*/) noexcept {}
    /// `answered` tells whether the client got a 503.
    virtual void connection_refused(std::string_view /*listener*/, refusal,
                                    boost::asio::ip::address const& /*client*/,
                                    bool /*answered*/) noexcept {}
    /// An idle connection is closed to make room for another.
    virtual void connection_evicted(std::string_view /*listener*/) noexcept {}
    /// accept(2) failed; `backing_off` when the process is out of descriptors or memory.
    virtual void accept_failed(std::string_view /*listener*/, boost::system::error_code,
                               bool /*backing_off*/) noexcept {}
    /// A request was refused before any handler saw it, or a connection for what it began with in
    /// place of a PROXY header; `kind` is one of a closed set of words.
    virtual void framing_rejected(std::string_view /*listener*/,
                                  std::string_view /*kind*/) noexcept {}
    /// A bearer token was answered with 401. `answer`: at_once, late (held back for a while) or
    /// closed (at once, and the connection with it: too many are held back).
    virtual void wrong_token(std::string_view /*listener*/, std::string_view /*answer*/) noexcept {}
    /// One address sent so many wrong tokens in a minute that its answers are now delayed. Called
    /// once in that minute.
    virtual void wrong_tokens_slowed(std::string_view /*listener*/,
                                     boost::asio::ip::address const& /*client*/) noexcept {}
    /// A handler threw: a bug or a dead resource. The client got an opaque 500.
    virtual void handler_failed(std::string_view /*listener*/, std::string_view /*request_id*/,
                                std::exception_ptr) noexcept {}
    /// A handler outlived the request's deadline and was cancelled.
    virtual void handler_timed_out(std::string_view /*listener*/,
                                   std::string_view /*request_id*/) noexcept {}
    /// The machinery itself threw; that one connection is closed.
    virtual void connection_failed(std::string_view /*listener*/, std::exception_ptr) noexcept {}
};

} // namespace otpd::http
