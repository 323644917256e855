// GET /routes and /routes/{id}/pricing: the upstream's routes and prices

#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <string>
#include <vector>

namespace otpd::api {

namespace {

std::string write(std::vector<bridgexapi::route> const& list) {
    std::vector<std::string> routes;
    routes.reserve(list.size());
    for (auto const& each : list)
        routes.push_back(json_writer()
                             .add("route_id", each.route_id)
                             .add("name", each.name)
                             .add("category", each.category)
                             .add("access_policy", each.access_policy)
                             .add("active", each.active)
                             .add("allowed", each.allowed)
                             .add("caller_id_required", each.caller_id_required)
                             .finish());
    return json_writer().add_array("routes", routes).finish();
}

std::string write(int route_id, otp::price_list const& list) {
    std::vector<std::string> prices;
    prices.reserve(list.prices.size());
    for (auto const& each : list.prices)
        prices.push_back(json_writer()
                             .add("country", each.country)
                             .add("prefix", each.prefix)
                             .add("price", each.amount)
                             .finish());
    return json_writer()
        .add("route_id", route_id)
        .add("currency", "EUR")
        .add("learned_at", list.learned_at)
        .add_array("prices", prices)
        .finish();
}

} // namespace

answer list_routes(api_call call) {
    auto const found = co_await call.deps.catalogue.routes(call.request.until());
    if (!found) co_return to_response(to_problem(found.error()), call.request);
    http::response reply;
    reply.body = write(*found);
    co_return reply;
}

answer route_pricing(api_call call, int route_id) {
    auto const found = co_await call.deps.catalogue.pricing(route_id, call.request.until());
    if (!found) co_return to_response(to_problem(found.error()), call.request);
    http::response reply;
    reply.body = write(route_id, *found);
    co_return reply;
}

} // namespace otpd::api
