#pragma once

/// One HTTP exchange as the callers of the client see it, and how it ended.

#include "otpd/core/secret.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace otpd::net {

enum class http_method : std::uint8_t { get, post };

struct http_request {
    http_method method = http_method::get;
    std::string target; ///< path below the origin's own, and query: `/api/v1/balance`; escaped
    secret_string body; ///< JSON; not sent with GET
    bool repeatable =
        false; ///< sending it twice does no harm: it may be repeated after a lost connection
    /// Whole header lines of this request alone, each with CR LF. Sent as they are: nothing that
    /// somebody else wrote may be in them.
    std::string headers = {};
};

/// A whole reply. Its body is at most the client's limit.
struct http_response {
    unsigned status = 0;
    std::string body;
    std::optional<std::chrono::seconds> retry_after; ///< from when the reply came; at most a day
};

enum class exchange_error : std::uint8_t {
    connect_failed,  ///< no address, no TCP connection, or none within the connect timeout
    tls_failed,      ///< certificate chain, host name or protocol version refused
    circuit_open,    ///< connecting failed so often that it is not even tried now
    pool_exhausted,  ///< every connection busy and the queue for them full, or waited too long
    shutting_down,   ///< the client was drained
    connection_lost, ///< closed or reset before a whole reply
    malformed_reply, ///< not HTTP, or over a limit
    timed_out,       ///< the deadline passed, or the caller was cancelled
};

struct exchange_failure {
    exchange_error why = exchange_error::connection_lost;
    /// True unless it is certain that no byte of the request reached a server that could act on it;
    /// the rule is in sent_bytes.hpp.
    bool may_have_arrived = false;
    /// With connection_lost: a kept connection ended before a byte of a reply. As a rule the server
    /// had closed it before the request came, which says nothing about how it deals with requests.
    bool stale = false;
    std::optional<std::chrono::milliseconds> retry_after; ///< with circuit_open
};

/// For metrics: how the connection was come by.
struct exchange_trace {
    unsigned attempts = 0;          ///< connections tried
    bool reused_connection = false; ///< of the last attempt
};

struct exchange_result {
    std::variant<exchange_failure, http_response> outcome;
    exchange_trace trace;
};

} // namespace otpd::net
