#include "bridgexapi_stub/endpoint.hpp"

#include <array>
#include <charconv>

namespace bridgexapi_stub {
namespace {

struct row {
    endpoint which;
    std::string_view name;
    std::string_view method;
    std::string_view path;
};

// A parameter is one path segment. Fixed paths precede patterns that also match them.
constexpr std::array<row, 13> table{{
    {endpoint::send_sms, "send_sms", "POST", "/api/v1/send_sms"},
    {endpoint::estimate, "estimate", "POST", "/api/v1/estimate"},
    {endpoint::balance, "balance", "GET", "/api/v1/balance"},
    {endpoint::dlr_list, "dlr_list", "GET", "/api/v1/dlr"},
    {endpoint::dlr, "dlr", "GET", "/api/v1/dlr/{bx_message_id}"},
    {endpoint::order_dlr, "order_dlr", "GET", "/api/v1/orders/{order_id}/dlr"},
    {endpoint::routes, "routes", "GET", "/api/v1/routes"},
    {endpoint::route, "route", "GET", "/api/v1/routes/{route_id}"},
    {endpoint::pricing, "pricing", "GET", "/api/v1/routes/{route_id}/pricing"},
    {endpoint::activity_summary, "activity_summary", "GET", "/api/v1/activity/summary"},
    {endpoint::activity_logs, "activity_logs", "GET", "/api/v1/activity/logs"},
    {endpoint::activity_usage, "activity_usage", "GET", "/api/v1/activity/usage"},
    {endpoint::activity_endpoints, "activity_endpoints", "GET", "/api/v1/activity/endpoints"},
}};

// Matches a path against a pattern, and stores the segment in the place of {...} in `parameter`.
bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
    auto const open = pattern.find('{');
    if (open == std::string_view::npos) return pattern == path;
    auto const tail = pattern.substr(pattern.find('}') + 1);
    if (path.size() <= open + tail.size()) return false;
    if (path.substr(0, open) != pattern.substr(0, open) || !path.ends_with(tail)) return false;
    parameter = path.substr(open, path.size() - open - tail.size());
    return parameter.find('/') == std::string_view::npos;
}

} // namespace

std::string_view to_string(endpoint which) {
    for (auto const& entry : table)
        if (entry.which == which) return entry.name;
    return which == endpoint::wrong_method ? "wrong_method" : "unknown";
}

std::optional<endpoint> parse_endpoint(std::string_view name) {
    for (auto const& entry : table)
        if (entry.name == name) return entry.which;
    return std::nullopt;
}

std::string_view path_template(endpoint which) {
    for (auto const& entry : table)
        if (entry.which == which) return entry.path;
    return "";
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                text.data() + i + 3) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

target_parts split_target(std::string_view target) {
    target_parts out;
    auto const mark = target.find('?');
    out.path = target.substr(0, mark);
    if (mark == std::string_view::npos) return out;
    for (auto rest = target.substr(mark + 1); !rest.empty();) {
        auto const field = rest.substr(0, rest.find('&'));
        rest.remove_prefix(field.size() == rest.size() ? rest.size() : field.size() + 1);
        if (field.empty()) continue;
        auto const equals = field.find('=');
        auto const value = equals == std::string_view::npos ? "" : field.substr(equals + 1);
        out.query.emplace_back(percent_decode(field.substr(0, equals), true),
                               percent_decode(value, true));
    }
    return out;
}

std::string const* find_query(query_list const& query, std::string_view name) {
    for (auto const& [key, value] : query)
        if (key == name) return &value;
    return nullptr;
}

call parse_call(std::string_view method, std::string_view target) {
    call out;
    auto parts = split_target(target);
    out.query = std::move(parts.query);
    for (auto const& entry : table) {
        std::string_view parameter;
        if (!matches(entry.path, parts.path, parameter)) continue;
        out.parameter = percent_decode(parameter, false);
        out.where = entry.method == method ? entry.which : endpoint::wrong_method;
        out.allow = entry.method;
        return out;
    }
    return out;
}

} // namespace bridgexapi_stub
