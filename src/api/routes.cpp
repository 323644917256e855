#include "otpd/api/routes.hpp"

#include "resources.hpp"

namespace otpd::api {

void add_routes(http::router& routes, dependencies const& uses) {
    add_send_otp(routes, uses);
    add_verify_otp(routes, uses);
    add_verifications(routes, uses);
    add_deliveries(routes, uses);
    add_upstream_routes(routes, uses);
    add_route_scores(routes, uses);
    add_estimate(routes, uses);
    add_balance(routes, uses);
    add_health(routes, uses);
    add_config(routes, uses);
    add_docs(routes);
}

void add_operator_routes(http::router& routes, dependencies const& uses) {
    add_deliveries(routes, uses);
    add_route_scores(routes, uses);
    add_balance(routes, uses);
}

} // namespace otpd::api
