#pragma once

/// What each file of this folder adds to the router.

#include "otpd/api/paths.hpp"
#include "otpd/api/routes.hpp"

namespace otpd::api {

void add_send_otp(http::router& routes, dependencies const& uses);
void add_verify_otp(http::router& routes, dependencies const& uses);
void add_verifications(http::router& routes, dependencies const& uses);
void add_deliveries(http::router& routes, dependencies const& uses);
void add_upstream_routes(http::router& routes, dependencies const& uses);
void add_route_scores(http::router& routes, dependencies const& uses);
void add_estimate(http::router& routes, dependencies const& uses);
void add_balance(http::router& routes, dependencies const& uses);
void add_health(http::router& routes, dependencies const& uses);
void add_config(http::router& routes, dependencies const& uses);
void add_docs(http::router& routes);

} // namespace otpd::api
