#include "steps.hpp"

#include "json_writer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace otpd::api {

namespace json = boost::json;

std::vector<std::string> write_steps(std::vector<otp::step_report> const& steps) {
    std::vector<std::string> texts;
    texts.reserve(steps.size());
    for (auto const& each : steps) {
        std::optional<std::string_view> why;
        if (!each.why.empty()) why = each.why;
        texts.push_back(json_writer()
                            .add("route_id", each.route_id)
                            .add("outcome", otp::to_string(each.outcome))
                            .add("reason", why)
                            .add("price", each.price)
                            .finish());
    }
    return texts;
}

json::array steps_member(std::vector<otp::step_report> const& steps) {
    json::array list;
    for (auto const& each : steps) {
        json::object step;
        step["route_id"] = each.route_id;
        step["outcome"] = json::string(otp::to_string(each.outcome));
        step["reason"] = each.why.empty() ? json::value() : json::value(each.why);
        step["price"] = each.price ? json::value(each.price->units()) : json::value();
        list.push_back(std::move(step));
    }
    return list;
}

} // namespace otpd::api
