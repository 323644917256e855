#pragma once

/// A complete and validated HTTP request, as a handler sees it.

#include "otpd/core/deadline.hpp"
#include "otpd/core/trace.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/http/method.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

namespace otpd::http {

/// A field of the header section, without white space around its value.
struct field_view {
    std::string_view name;
    std::string_view value;
};

/// Observes the client's end of a connection while a handler runs.
class peer_watch {
public:
    [[nodiscard]] virtual bool has_hung_up() const noexcept = 0;

protected:
    ~peer_watch() = default;
};

/// The parts of a request, so that tests can call a handler without a socket. All members are
/// views.
struct request_parts {
    method verb = method::get;
    std::string_view target = "/"; ///< as received
    std::string_view path = "/";   ///< percent-encoded, starts with `/` (or is `*`)
    std::string_view query = {};   ///< percent-encoded, without the `?`
    std::span<field_view const> fields = {};
    std::string_view body = {};
    std::string_view request_id = {};
    trace_context trace = {};
    std::string_view tracestate = {};
    boost::asio::ip::address peer = {};
    /// Empty: no peer is trusted to name its clients.
    std::span<address_range const> trusted_proxies = {};
    deadline until = deadline::in(std::chrono::seconds(30));
    peer_watch const* connection = nullptr; ///< null: never hangs up
};

/// Owned by the connection. The request and all views from it are valid until the handler's
/// awaitable completes.
class request {
public:
    explicit request(request_parts parts) noexcept : parts_(parts) {}
    request(request const&) = delete;
    request& operator=(request const&) = delete;

    [[nodiscard]] method verb() const noexcept { return parts_.verb; }
    [[nodiscard]] std::string_view target() const noexcept { return parts_.target; }
    [[nodiscard]] std::string_view path() const noexcept { return parts_.path; }
    [[nodiscard]] std::string_view query() const noexcept { return parts_.query; }
    /// Without its transfer coding; at most server_options::body_bytes_max.
    [[nodiscard]] std::string_view body() const noexcept { return parts_.body; }

    /// Returns the value of a field that occurs exactly once in the header section. Names are
    /// case-insensitive. Returns nullopt when the field is absent *or repeated*: several values of
    /// a singleton field are neither merged nor selected from (RFC 9110 5.3). Trailer fields are
    /// not included.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// All fields in order of arrival, for list fields such as X-Forwarded-For.
    [[nodiscard]] std::span<field_view const> fields() const noexcept { return parts_.fields; }

    /// The client's X-Request-Id if it is valid, else a generated id: 1 to 64 characters of
    /// [A-Za-z0-9._-].
    [[nodiscard]] std::string_view request_id() const noexcept { return parts_.request_id; }
    /// The client's trace, or a new one if the service begins it; its span is that of this request
    /// if it is recorded, else the client's.
    [[nodiscard]] trace_context const& trace() const noexcept { return parts_.trace; }
    /// The client's, to be passed on with its trace; or empty.
    [[nodiscard]] std::string_view tracestate() const noexcept { return parts_.tracestate; }
    /// The other end of the connection, or the address in its PROXY header. It may be a proxy.
    [[nodiscard]] boost::asio::ip::address const& peer() const noexcept { return parts_.peer; }
    /// The client's address: the peer, or behind trusted proxies the right-most address of
    /// X-Forwarded-For that is not a trusted proxy. Mapped IPv4 addresses are unmapped. Each call
    /// reads a bounded number of fields again; without trusted proxies it only copies the peer.
    [[nodiscard]] boost::asio::ip::address client() const noexcept;
    /// When an answer stops being useful. A handler must bound each wait by it; server_options says
    /// what happens otherwise.
    [[nodiscard]] deadline until() const noexcept { return parts_.until; }

    /// A handler says so once it knows who asks: by a token, by a signature, or because everybody
    /// may. Call it on the connection's strand.
    void set_identified() const noexcept { is_identified_ = true; }
    [[nodiscard]] bool is_identified() const noexcept { return is_identified_; }

    /// Returns whether the client has closed or reset its connection, or its sending half. A client
    /// that only closed its sending half still gets its response. A handler that only waits should
    /// answer at once, because most such clients are gone. Pipelined input does not hide the end.
    /// Makes a system call; call it on the connection's strand.
    [[nodiscard]] bool has_hung_up() const noexcept {
        return parts_.connection != nullptr && parts_.connection->has_hung_up();
    }

private:
    request_parts parts_;
    mutable bool is_identified_ = false;
};

} // namespace otpd::http
