// Validates the body of a send or estimate like a FastAPI service with Pydantic 2: each fault is an
// entry of `detail` with type, loc, msg and input.
#pragma once

#include "bridgexapi_stub/message.hpp"
#include "bridgexapi_stub/settings.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bridgexapi_stub {

struct order_request {
    std::int64_t route_id = 0;
    std::string caller_id; // trimmed
    std::vector<std::string> numbers;
    std::string message;
};

struct validated_order {
    std::optional<order_request> order; // set if there are no problems
    boost::json::array problems;
};

// `body`: the parsed body, or null if it is not JSON (then `parse_error_at` is the position of the
// error).
validated_order validate_order(boost::json::value const* body, std::size_t parse_error_at,
                               incoming const& request, settings const& rules);

// Returns the entry for a query or path value that is not an integer, and for one below `least`.
boost::json::object int_problem(std::string_view where, std::string_view name,
                                std::string_view input);
boost::json::object least_problem(std::string_view where, std::string_view name,
                                  std::string_view input, std::int64_t least);

} // namespace bridgexapi_stub
