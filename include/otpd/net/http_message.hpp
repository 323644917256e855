#pragma once

/// One HTTP exchange and its outcome, as callers of the client see them.

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
    std::string target;      ///< escaped path below the origin's own, and query: `/api/v1/balance`
    secret_string body{};    ///< JSON; not sent with GET
    bool repeatable = false; ///< may be sent twice, so it is retried after a lost connection
    /// Additional header lines for this request, each with CR LF. They are sent unchanged and must
    /// not contain foreign input.
    std::string headers = {};
};

/// A complete response. The client limits the size of its body.
struct http_response {
    unsigned status = 0;
    std::string body;
    /// Counts from the response's arrival; at most a day.
    std::optional<std::chrono::seconds> retry_after;
};

enum class exchange_error : std::uint8_t {
    connect_failed,  ///< no address, no TCP connection, or not in time
    tls_failed,      ///< certificate chain, host name or protocol version refused
    circuit_open,    ///< connecting failed so often that it is not attempted now
    pool_exhausted,  ///< all connections busy, and the queue full or the wait too long
    shutting_down,   ///< the client was drained
    connection_lost, ///< closed or reset before a complete response
    malformed_reply, ///< not HTTP, or over a limit
    timed_out,       ///< the deadline passed, or the caller was cancelled
};

struct exchange_failure {
    exchange_error why = exchange_error::connection_lost;
    /// False only if certainly no byte of the request reached a server that could act on it.
    /// sent_bytes.hpp has the rule.
    bool may_have_arrived = false;
    /// Set with connection_lost when a reused connection ended before the first byte of a response.
    /// Usually the server had closed it before the request arrived, which says nothing about how it
    /// handles requests.
    bool stale = false;
    std::optional<std::chrono::milliseconds> retry_after; ///< with circuit_open
};

/// For metrics: how the exchange got its connection.
struct exchange_trace {
    unsigned attempts = 0;          ///< connections tried
    bool reused_connection = false; ///< of the last attempt
};

struct exchange_result {
    std::variant<exchange_failure, http_response> outcome;
    exchange_trace trace;
};

} // namespace otpd::net
