#include "reference_form.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace otpd::api {

namespace json = boost::json;

namespace {

/// The fault of a body that is not JSON by its type.
json::array not_an_object() {
    json::object fault;
    fault["type"] = "model_attributes_type";
    fault["loc"] = json::array{"body"};
    fault["msg"] = "Input should be a valid dictionary or object to extract fields from";
    return {std::move(fault)};
}

constexpr std::array<std::string_view, 4> only_of_problems{"type", "title", "status", "errors"};

/// A send of the reference knows these errors, and 502 for whatever else keeps it from sending.
bool is_known_of_sends(unsigned status) noexcept {
    return status == 401 || status == 422 || status == 429;
}

} // namespace

bool follows_reference(dependencies const& deps, http::request const& request) {
    return deps.reference_form && !request.path().starts_with("/v1/");
}

void take_reference_form(http::request const& request, http::response& reply) {
    if (reply.content_type != "application/problem+json") return;
    auto problem = json::parse(reply.body).as_object();
    auto detail = std::move(problem.at("detail"));
    if (reply.status == 415) {
        reply.status = 422;
        detail = not_an_object();
    } else if (auto* const faults = problem.if_contains("errors")) {
        detail = std::move(*faults);
    } else if (request.path() == "/send-otp" && !is_known_of_sends(reply.status)) {
        reply.status = 502;
        detail = "SMS send failed: " + std::string(detail.as_string());
    }
    json::object form;
    form["detail"] = std::move(detail);
    for (auto& [name, value] : problem)
        if (std::ranges::find(only_of_problems, std::string_view(name)) == only_of_problems.end())
            form.emplace(name, std::move(value)); // not `detail`, which is there
    reply.content_type = "application/json";
    reply.body = json::serialize(form);
}

} // namespace otpd::api
