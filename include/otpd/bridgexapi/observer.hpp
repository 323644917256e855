#pragma once

/// Reports of the client for metrics and the log. They never contain the key, a message or a
/// number.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/trace.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::bridgexapi {

enum class operation : std::uint8_t {
    send_sms,
    estimate,
    balance,
    routes,
    pricing,
    delivery,
    deliveries,
    order_deliveries,
};
/// Returns a stable snake_case word: a metric label.
[[nodiscard]] std::string_view to_string(operation) noexcept;

/// A send ends with ok, rejected, not_sent or unknown; a read ends with ok or failed.
enum class call_outcome : std::uint8_t { ok, rejected, not_sent, unknown, failed };
[[nodiscard]] std::string_view to_string(call_outcome) noexcept;

struct call_report {
    bridgexapi::operation operation{};
    call_outcome outcome{};
    std::optional<reason> why{}; ///< nullopt with ok
    int http_status = 0;         ///< 0 when no response arrived
    std::chrono::steady_clock::time_point began{};
    std::chrono::steady_clock::duration elapsed{};
    unsigned attempts = 0; ///< connections tried
    bool reused_connection = false;
    int route_id = 0;      ///< of a send
    trace_context trace{}; ///< with the span of this call
    span_id parent_span{};
};

/// Called from any thread, during the call. Implementations must not block or throw.
class client_observer {
public:
    virtual ~client_observer() = default;
    virtual void call_ended(call_report const& report) = 0;
    virtual void connected(bool session_resumed) = 0;
    /// `error` is the message of the system or of OpenSSL.
    virtual void connect_failed(reason why, std::string const& error) = 0;
    /// A request was lost on a reused connection. For this long, each request gets a new
    /// connection.
    virtual void stopped_reusing([[maybe_unused]] std::chrono::milliseconds for_how_long) {}
};

} // namespace otpd::bridgexapi
