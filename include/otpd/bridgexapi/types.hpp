#pragma once

/// Requests to BridgeXAPI and its answers, in our own types. The fields follow the vendor's
/// clients; see docs/bridgexapi.md. Ids are opaque strings, because the vendor writes them
/// sometimes as numbers and sometimes as strings.

#include "otpd/core/money.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/core/trace.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpd::bridgexapi {

/// The vendor's limits for a message and a caller id.
inline constexpr std::size_t max_message_length = 158;
inline constexpr std::size_t min_caller_id_length = 3;
inline constexpr std::size_t max_caller_id_length = 11;

struct sms {
    int route_id;
    std::string caller_id; ///< 3..11 characters
    phone_number to;
    secret_string text;       ///< ASCII, at most max_message_length; contains the code
    trace_context trace{};    ///< of the request; passed on with a send
    std::string tracestate{}; ///< with it (is_tracestate()), or empty
};

/// Why the upstream refused, or what failed. The set is closed; the upstream's own text is
/// discarded.
enum class reason {
    authentication,       ///< the API key is missing, wrong or inactive
    invalid_route,        ///< no such route
    route_not_authorized, ///< the route is not enabled for the account
    caller_id_not_allowed,
    insufficient_balance,
    no_pricing, ///< the route has no price for the destination
    vendor_failed,
    not_found,
    invalid_request,
    rate_limited,
    upstream_error,  ///< a 5xx without further details
    protocol_error,  ///< an unintelligible response
    connect_failed,  ///< no connection, or not in time
    tls_failed,      ///< certificate chain, host name or version refused
    connection_lost, ///< closed or reset before a whole response
    timed_out,       ///< no response before the deadline
    circuit_open,    ///< connecting failed so often that it is not attempted now
    pool_exhausted,  ///< all connections busy, and the queue full or the wait too long
    shutting_down,
};
/// Returns a stable snake_case word. It is part of the API (`reason`) and a metric label.
[[nodiscard]] std::string_view to_string(reason) noexcept;

/// The outcomes of a send say whether an SMS may be on its way.
struct accepted {
    std::optional<std::string> order_id;
    std::optional<std::string> bx_message_id;
    std::optional<money> cost; ///< EUR
    std::optional<money> balance_after;
};
/// The upstream refused: nothing was sent.
struct rejected {
    reason why;
    std::optional<std::chrono::seconds> retry_after = std::nullopt; ///< with rate_limited
};
/// No byte of the request can have reached the upstream: nothing was sent.
struct not_sent {
    reason why;
    std::optional<std::chrono::seconds> retry_after = std::nullopt; ///< with circuit_open
};
/// Bytes were sent and no conclusive answer came back: an SMS may have been sent and paid for.
struct unknown {
    reason why;
    /// Set with connection_lost when a reused connection ended before the first byte of a response.
    /// The likely cause is that the upstream closes idle connections, not that the route fails.
    bool stale_connection = false;
};
using send_outcome = std::variant<accepted, rejected, not_sent, unknown>;

struct failure {
    reason why;
    int http_status = 0; ///< 0 when no response arrived
    std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

struct estimate {
    int route_id;
    std::int64_t count;
    money estimated_cost;
    std::string currency;
    money balance;
    bool sufficient_balance;
    bool sandbox;
};

struct balance {
    money amount;
    std::string currency;
    std::optional<bool> sandbox;
    std::optional<std::string> username;
};

struct route {
    int route_id;
    std::string name;
    std::optional<bool> active;
    std::optional<bool> allowed; ///< for this account
    std::optional<bool> caller_id_required;
    std::optional<std::string> category;
    std::optional<std::string> access_policy;
};

struct price {
    std::string country;
    std::string prefix;          ///< digits of the destination
    std::optional<money> amount; ///< nullopt when the vendor hides it
};

struct delivery_report {
    std::string bx_message_id;
    std::string msisdn;
    std::string status; ///< in the vendor's spelling; unknown values are not final
    std::optional<int> route_id;
    std::optional<std::string> order_id;
    std::string created_at;
    std::optional<std::string> error;
};

struct delivery_page {
    std::int64_t total;
    std::int64_t skip;
    std::int64_t limit;
    std::vector<delivery_report> reports;
};

/// Filters of the delivery list. Unset filters are left out of the query.
struct delivery_query {
    std::int64_t limit = 50;
    std::int64_t skip = 0;
    std::optional<std::string> status;
    std::optional<std::string> msisdn;
};

} // namespace otpd::bridgexapi
