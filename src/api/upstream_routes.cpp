// GET /routes and /routes/{id}/pricing: what the upstream offers, and what it costs

#include "json_writer.hpp"
#include "problems.hpp"
#include "resources.hpp"

#include <string>
#include <vector>

namespace otpd::api {

namespace asio = boost::asio;

namespace {

std::string write(std::vector<bridgexapi::route> const& of) {
    std::vector<std::string> routes;
    routes.reserve(of.size());
    for (auto const& each : of)
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

std::string write(int route_id, otp::price_list const& of) {
    std::vector<std::string> prices;
    prices.reserve(of.prices.size());
    for (auto const& each : of.prices)
        prices.push_back(json_writer()
                             .add("country", each.country)
                             .add("prefix", each.prefix)
                             .add("price", each.amount)
                             .finish());
    return json_writer()
        .add("route_id", route_id)
        .add("currency", "EUR")
        .add("learned_at", of.learned_at)
        .add_array("prices", prices)
        .finish();
}

asio::awaitable<http::response> list(dependencies const& uses, http::request const& request) {
    auto const* const from = uses.callers.identify(request);
    if (from == nullptr) co_return to_response(http::unauthorized(), request);
    auto const refused = co_await uses.reads.refusal(*from);
    if (refused) co_return to_response(to_problem(*refused), request);
    auto const found = co_await uses.catalogue.routes(request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(*found);
    co_return reply;
}

asio::awaitable<http::response> pricing(dependencies const& uses, http::request const& request,
                                        int route_id) {
    auto const* const from = uses.callers.identify(request);
    if (from == nullptr) co_return to_response(http::unauthorized(), request);
    auto const refused = co_await uses.reads.refusal(*from);
    if (refused) co_return to_response(to_problem(*refused), request);
    auto const found = co_await uses.catalogue.pricing(route_id, request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(route_id, *found);
    co_return reply;
}

} // namespace

void add_upstream_routes(http::router& routes, dependencies const& uses) {
    routes.add(http::method::get, paths::upstream_routes,
               [uses](http::request const& request) { return list(uses, request); });
    routes.add(http::method::get, paths::route_pricing,
               [uses](http::request const& request, int route_id) {
                   return pricing(uses, request, route_id);
               });
}

} // namespace otpd::api
