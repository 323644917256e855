// The table of API paths. It maps a request to its endpoint, path parameter and query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bridgexapi_stub {

enum class endpoint {
    send_sms,
    estimate,
    balance,
    dlr,
    dlr_list,
    order_dlr,
    routes,
    route,
    pricing,
    activity_summary,
    activity_logs,
    activity_usage,
    activity_endpoints,
    wrong_method, // the path exists, the method does not
    unknown,      // no such path
};

std::string_view to_string(endpoint which); // the enumerator's name
std::optional<endpoint> parse_endpoint(std::string_view name);
std::string_view path_template(endpoint which); // "/api/v1/dlr/{bx_message_id}"

using query_list = std::vector<std::pair<std::string, std::string>>; // decoded, in order

struct target_parts {
    std::string path; // still percent-encoded
    query_list query;
};
target_parts split_target(std::string_view target);
std::string percent_decode(std::string_view text, bool plus_is_space);
std::string const* find_query(query_list const& query,
                              std::string_view name); // first value, or nullptr

struct call {
    endpoint where = endpoint::unknown;
    std::string parameter;  // decoded path parameter, if the endpoint has one
    std::string_view allow; // for wrong_method: the allowed method
    query_list query;
};
call parse_call(std::string_view method, std::string_view target);

} // namespace bridgexapi_stub
