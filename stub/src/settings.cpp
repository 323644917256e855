#include "bridgexapi_stub/settings.hpp"

namespace bridgexapi_stub {

std::array<refusal_reply, refusal_count> default_refusals() {
    return {{
        {401, "Missing API Key"},
        {401, "Invalid or inactive API Key"},
        {400, "Invalid route_id"},
        {403, "You are not authorized for route {route}"},
        {403, "You are not authorized for the casino route"},
        {403, "Sender ID not allowed for route 8"},
        {400, "No pricing available for destination"},
        {402, "Insufficient balance"},
        {502, "Vendor send failed: {reason}"},
        {404, "DLR record not found"},
        {404, "Order not found"},
        {400, "All numbers in one request must belong to the same country."},
        {400, "Too many numbers in one request."},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Request body too large"},
    }};
}

std::string_view to_string(refusal why) {
    static constexpr std::array<std::string_view, refusal_count> names{
        "missing_key",        "bad_key",
        "invalid_route",      "route_not_allowed",
        "casino_not_allowed", "sender_not_allowed",
        "no_pricing",         "insufficient_balance",
        "vendor_failed",      "dlr_not_found",
        "order_not_found",    "mixed_country",
        "too_many_numbers",   "not_found",
        "method_not_allowed", "body_too_large"};
    return names[static_cast<std::size_t>(why)];
}

bool number_matches(std::string_view pattern, std::string_view number) {
    if (!pattern.ends_with('*')) return pattern == number;
    pattern.remove_suffix(1);
    return number.starts_with(pattern);
}

delivery_plan const& settings::plan_for(std::string_view number) const {
    for (auto const& rule : rules)
        if (number_matches(rule.number, number)) return rule.plan;
    return plan;
}

} // namespace bridgexapi_stub
