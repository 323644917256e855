#include "fault_list.hpp"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <utility>

namespace otpd::api {

namespace json = boost::json;

void fault_list::add(json::array where, std::string_view what, std::string_view type) {
    json::object fault;
    fault["loc"] = std::move(where);
    fault["msg"] = json::string(what);
    fault["type"] = json::string(type);
    faults_.push_back(std::move(fault));
}

http::problem fault_list::problem(std::string_view detail) const {
    return {.status = 422,
            .code = "validation_failed",
            .detail = std::string(detail),
            .members = {{"errors", faults_}}};
}

} // namespace otpd::api
