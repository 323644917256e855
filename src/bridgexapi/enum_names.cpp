#include "otpd/bridgexapi/observer.hpp"
#include "otpd/bridgexapi/types.hpp"

namespace otpd::bridgexapi {

std::string_view to_string(reason why) noexcept {
    switch (why) {
    case reason::authentication:
        return "authentication";
    case reason::invalid_route:
        return "invalid_route";
    case reason::route_not_authorized:
        return "route_not_authorized";
    case reason::caller_id_not_allowed:
        return "caller_id_not_allowed";
    case reason::insufficient_balance:
        return "insufficient_balance";
    case reason::no_pricing:
        return "no_pricing";
    case reason::vendor_failed:
        return "vendor_failed";
    case reason::not_found:
        return "not_found";
    case reason::invalid_request:
        return "invalid_request";
    case reason::rate_limited:
        return "rate_limited";
    case reason::upstream_error:
        return "upstream_error";
    case reason::protocol_error:
        return "protocol_error";
    case reason::connect_failed:
        return "connect_failed";
    case reason::tls_failed:
        return "tls_failed";
    case reason::connection_lost:
        return "connection_lost";
    case reason::timed_out:
        return "timed_out";
    case reason::circuit_open:
        return "circuit_open";
    case reason::pool_exhausted:
        return "pool_exhausted";
    case reason::shutting_down:
        return "shutting_down";
    }
    return "other";
}

std::string_view to_string(operation operation) noexcept {
    switch (operation) {
    case operation::send_sms:
        return "send_sms";
    case operation::estimate:
        return "estimate";
    case operation::balance:
        return "balance";
    case operation::routes:
        return "routes";
    case operation::route:
        return "route";
    case operation::pricing:
        return "pricing";
    case operation::delivery:
        return "delivery";
    case operation::deliveries:
        return "deliveries";
    case operation::order_deliveries:
        return "order_deliveries";
    }
    return "other";
}

std::string_view to_string(call_outcome outcome) noexcept {
    switch (outcome) {
    case call_outcome::ok:
        return "ok";
    case call_outcome::rejected:
        return "rejected";
    case call_outcome::not_sent:
        return "not_sent";
    case call_outcome::unknown:
        return "unknown";
    case call_outcome::failed:
        return "failed";
    }
    return "other";
}

} // namespace otpd::bridgexapi
