#pragma once

/// Observes a server. `app/` turns the calls into log lines and metrics.

#include "otpd/core/trace.hpp"
#include "otpd/http/method.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string_view>

namespace otpd::http {

/// An answered request, with or without a handler. It holds nothing in which a client could have
/// put a number or a code: no target, no header, no body.
struct request_record {
    std::string_view listener;
    method verb = method::other;
    /// The route's pattern, `router::unmatched` or `router::malformed`: safe as a metric label.
    std::string_view route;
    unsigned status = 0;
    std::chrono::steady_clock::time_point received{}; ///< the last byte of the request
    /// From there until the response is ready.
    std::chrono::steady_clock::duration handling{};
    std::string_view request_id;
    trace_context trace;             ///< see request::trace()
    span_id parent_span{};           ///< the client's; zeros without one
    bool is_identified = false;      ///< see request::is_identified()
    boost::asio::ip::address peer;   ///< see request::peer()
    boost::asio::ip::address client; ///< see request::client()
    std::size_t request_body_bytes = 0;
    std::size_t response_body_bytes = 0;
    /// The kernel accepted every byte of the response.
    bool sent = false;
};

/// Why a connection was refused.
enum class refusal {
    full,    ///< server_options::connections_max, with no connection to close instead
    address, ///< server_options::connections_per_address_max
};

/// Called on the strand of the connection or the server, so concurrently by several threads.
/// Implementations must be thread-safe, and must not block or throw. Views are valid during the
/// call only.
class observer {
public:
    virtual ~observer() = default;

    /// The trace of a request that begins. `given`: the client's.
    virtual trace_context begin_trace(std::string_view /*listener*/,
                                      std::optional<trace_context> const& given) noexcept {
        return given.value_or(trace_context());
    }
    virtual void request_finished(request_record const&) noexcept {}
    virtual void connection_opened(std::string_view /*listener*/) noexcept {}
    virtual void connection_closed(std::string_view /*listener*/) noexcept {}
    /// `answered`: the client got a 503.
    virtual void connection_refused(std::string_view /*listener*/, refusal,
                                    boost::asio::ip::address const& /*client*/,
                                    bool /*answered*/) noexcept {}
    /// An idle connection was closed to make room for another.
    virtual void connection_evicted(std::string_view /*listener*/) noexcept {}
    /// accept(2) failed; `backing_off` when the process is out of descriptors or memory.
    virtual void accept_failed(std::string_view /*listener*/, boost::system::error_code,
                               bool /*backing_off*/) noexcept {}
    /// The server refused a request before its handler, or a connection that did not begin with a
    /// PROXY header. `kind` is one of a closed set of words.
    virtual void framing_rejected(std::string_view /*listener*/,
                                  std::string_view /*kind*/) noexcept {}
    /// A bearer token was answered with 401. `answer` is `at_once`, `late` (delayed), or `closed`:
    /// sent at once and the connection closed, because too many answers are delayed.
    virtual void wrong_token(std::string_view /*listener*/, std::string_view /*answer*/) noexcept {}
    /// An address sent so many wrong tokens within a minute that its answers are now delayed.
    /// Called once in that minute.
    virtual void wrong_tokens_slowed(std::string_view /*listener*/,
                                     boost::asio::ip::address const& /*client*/) noexcept {}
    /// A handler threw, because of a bug or a dead resource. The client got an opaque 500.
    virtual void handler_failed(std::string_view /*listener*/, std::string_view /*request_id*/,
                                trace_context const&, std::exception_ptr) noexcept {}
    /// A handler outlived the request's deadline and was cancelled.
    virtual void handler_timed_out(std::string_view /*listener*/, std::string_view /*request_id*/,
                                   trace_context const&) noexcept {}
    /// The connection's own code threw. Only this connection is closed.
    virtual void connection_failed(std::string_view /*listener*/, std::exception_ptr) noexcept {}
};

} // namespace otpd::http
