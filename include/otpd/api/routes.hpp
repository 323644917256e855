#pragma once

/// The public HTTP API: one file per resource in src/api/, each of which parses, makes one call of the
/// domain and writes the answer. /openapi.json describes it (web/openapi.json.in).

#include "otpd/api/authenticator.hpp"
#include "otpd/http/router.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/service.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::api {

/// Why the service should get no traffic now, as a word for people; nothing when it is ready.
using readiness = std::function<boost::asio::awaitable<std::optional<std::string_view>>()>;

/// Everything must outlive the router.
struct dependencies {
    otp::service& domain;
    otp::catalogue& catalogue;
    otp::route_figures& figures;
    store::store& store; ///< for the count of live codes only
    authenticator const& callers;
    readiness why_not_ready;
    /// The upstream's base URL, without a trailing slash: `delivery_status_url` starts with it, as in
    /// the reference.
    std::string upstream_url;
    /// Not empty: this service's own base URL as its clients know it, without a trailing slash, and
    /// `delivery_status_url` is in it (`<base>/deliveries/<id>`).
    std::string delivery_url;
};

/// Adds every public route.
void add_routes(http::router& routes, dependencies const& uses);

} // namespace otpd::api
