#include "otpd/bridgexapi/observer.hpp"

#include <array>

namespace otpd::bridgexapi {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 19> reason_names{
    "authentication",       "invalid_route",  "route_not_authorized", "caller_id_not_allowed",
    "insufficient_balance", "no_pricing",     "vendor_failed",        "not_found",
    "invalid_request",      "rate_limited",   "upstream_error",       "protocol_error",
    "connect_failed",       "tls_failed",     "connection_lost",      "timed_out",
    "circuit_open",         "pool_exhausted", "shutting_down"};
static_assert(reason_names.size() == static_cast<std::size_t>(reason::shutting_down) + 1);

constexpr std::array<std::string_view, 8> operation_names{
    "send_sms", "estimate", "balance",    "routes",
    "pricing",  "delivery", "deliveries", "order_deliveries"};
static_assert(operation_names.size() == static_cast<std::size_t>(operation::order_deliveries) + 1);

constexpr std::array<std::string_view, 5> outcome_names{"ok", "rejected", "not_sent", "unknown",
                                                        "failed"};
static_assert(outcome_names.size() == static_cast<std::size_t>(call_outcome::failed) + 1);

} // namespace

std::string_view to_string(reason why) noexcept {
    return reason_names[static_cast<std::size_t>(why)];
}

std::string_view to_string(operation operation) noexcept {
    return operation_names[static_cast<std::size_t>(operation)];
}

std::string_view to_string(call_outcome outcome) noexcept {
    return outcome_names[static_cast<std::size_t>(outcome)];
}

} // namespace otpd::bridgexapi
