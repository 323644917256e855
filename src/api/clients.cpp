// GET /clients: the API clients and what they may do, for the operator

#include "budgets.hpp"
#include "json_writer.hpp"
#include "otpd/core/deadline.hpp"
#include "route_table.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otpd::api {

namespace {

/// Of so many clients the spending is shown, if the store answers in time: each costs a step.
constexpr std::size_t spenders_max = 100;
constexpr std::chrono::seconds time_to_answer{1};

std::string write(known_client const& client, otp::spending_view const* spending) {
    auto const& profile = client.profile;
    auto const number = [](int route_id) { return std::to_string(route_id); };
    std::optional<int> route;
    if (profile.default_route_id != 0) route = profile.default_route_id;
    std::optional<money> spent_today;
    if (spending != nullptr) spent_today = spending->spent_today;
    json_writer written;
    written.add("client", profile.name)
        .add("tenant", profile.is_tenant)
        .add("tokens", client.tokens)
        .add_array("purposes", profile.purposes, json_string)
        .add_array("routes", profile.routes, number)
        .add("default_route_id", route)
        .add("default_route_plan", unless_empty(profile.default_plan))
        .add_array("countries", profile.countries, json_string)
        .add("spent_today", spent_today);
    if (spending == nullptr) return written.add_null("budgets").finish();
    return written.add_array("budgets", spending->budgets, write_budget).finish();
}

} // namespace

answer list_clients(api_call call) {
    auto const clients = call.deps.clients();
    auto const until = deadline::in(call.request.until().remaining() - time_to_answer);
    std::vector<std::string> list;
    list.reserve(clients.size());
    bool does_answer = true;
    for (auto const& client : clients) {
        std::optional<otp::spending_view> spending;
        if (does_answer && list.size() < spenders_max && !until.expired()) {
            // The only client's spending is that of all.
            auto const& report = call.deps.spending;
            auto summed = client.profile.is_tenant ? report.of(client.profile) : report.of_all();
            auto found = co_await std::move(summed);
            does_answer = found.has_value();
            if (found) spending = *std::move(found);
        }
        list.push_back(write(client, spending ? &*spending : nullptr));
    }
    co_return http::response{.body = json_writer().add_array("clients", list).finish()};
}

} // namespace otpd::api
