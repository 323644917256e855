// GET /routes and /routes/{id}/pricing: the upstream's routes and prices

#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <string>

namespace otpd::api {

namespace {

std::string write_route(bridgexapi::route const& route) {
    return json_writer()
        .add("route_id", route.route_id)
        .add("name", route.name)
        .add("category", route.category)
        .add("access_policy", route.access_policy)
        .add("active", route.active)
        .add("allowed", route.allowed)
        .add("caller_id_required", route.caller_id_required)
        .finish();
}

std::string write_price(bridgexapi::price const& price) {
    return json_writer()
        .add("country", price.country)
        .add("prefix", price.prefix)
        .add("price", price.amount)
        .finish();
}

} // namespace

answer list_routes(api_call call) {
    auto const found = co_await call.deps.catalogue.routes(call.request.until());
    if (!found) co_return to_response(to_problem(found.error()), call.request);
    co_return http::response{.body =
                                 json_writer().add_array("routes", *found, write_route).finish()};
}

answer route_pricing(api_call call, int route_id) {
    auto const found = co_await call.deps.catalogue.pricing(route_id, call.request.until());
    if (!found) co_return to_response(to_problem(found.error()), call.request);
    co_return http::response{.body = json_writer()
                                         .add("route_id", route_id)
                                         .add("currency", "EUR")
                                         .add("learned_at", found->learned_at)
                                         .add_array("prices", found->prices, write_price)
                                         .finish()};
}

} // namespace otpd::api
