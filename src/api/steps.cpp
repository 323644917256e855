#include "steps.hpp"

#include "json_writer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <utility>

namespace otpd::api {

namespace json = boost::json;

std::string write_step(otp::step_report const& step) {
    return json_writer()
        .add("route_id", step.route_id)
        .add("outcome", otp::to_string(step.outcome))
        .add("reason", unless_empty(step.why))
        .add("price", step.price)
        .finish();
}

json::array steps_member(std::vector<otp::step_report> const& steps) {
    json::array list;
    for (auto const& entry : steps) {
        json::object step;
        step["route_id"] = entry.route_id;
        step["outcome"] = json::string(otp::to_string(entry.outcome));
        step["reason"] = entry.why.empty() ? json::value() : json::value(entry.why);
        step["price"] = entry.price ? json::value(entry.price->units()) : json::value();
        list.push_back(std::move(step));
    }
    return list;
}

} // namespace otpd::api
