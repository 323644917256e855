// GET /clients: the API clients and what they may do, for the operator

#include "budgets.hpp"
#include "json_writer.hpp"
#include "otpd/core/deadline.hpp"
#include "route_table.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otpd::api {

namespace {

/// Of so many clients the spending is shown, if the store answers in time: each costs a step.
constexpr std::size_t spenders_max = 100;
constexpr std::chrono::seconds time_to_answer{1};

std::vector<std::string> quoted(std::vector<std::string> const& texts) {
    std::vector<std::string> list;
    std::ranges::transform(texts, std::back_inserter(list), json_string);
    return list;
}

std::string write(known_client const& client, otp::spending_view const* spending) {
    auto const& profile = client.profile;
    std::vector<std::string> routes;
    for (int const id : profile.routes)
        routes.push_back(std::to_string(id));
    std::optional<std::string> plan;
    if (!profile.default_plan.empty()) plan = profile.default_plan;
    std::optional<int> route;
    if (profile.default_route_id != 0) route = profile.default_route_id;
    std::optional<money> spent_today;
    if (spending != nullptr) spent_today = spending->spent_today;
    json_writer written;
    written.add("client", profile.name)
        .add("tenant", profile.is_tenant)
        .add("tokens", client.tokens)
        .add_array("purposes", quoted(profile.purposes))
        .add_array("routes", routes)
        .add("default_route_id", route)
        .add("default_route_plan", plan)
        .add_array("countries", quoted(profile.countries))
        .add("spent_today", spent_today);
    if (spending == nullptr) return written.add_null("budgets").finish();
    return written.add_array("budgets", write_budgets(spending->budgets)).finish();
}

} // namespace

answer list_clients(api_call call) {
    auto const clients = call.deps.clients();
    auto const until = deadline::in(call.request.until().remaining() - time_to_answer);
    std::vector<std::string> list;
    list.reserve(clients.size());
    bool does_answer = true;
    for (auto const& each : clients) {
        std::optional<otp::spending_view> spending;
        if (does_answer && list.size() < spenders_max && !until.expired()) {
            // The only client's spending is that of all.
            auto const& report = call.deps.spending;
            auto summed = each.profile.is_tenant ? report.of(each.profile) : report.of_all();
            auto found = co_await std::move(summed);
            does_answer = found.has_value();
            if (found) spending = *std::move(found);
        }
        list.push_back(write(each, spending ? &*spending : nullptr));
    }
    http::response reply;
    reply.body = json_writer().add_array("clients", list).finish();
    co_return reply;
}

} // namespace otpd::api
