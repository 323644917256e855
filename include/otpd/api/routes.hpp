#pragma once

/// The public HTTP API: one table of routes (src/api/routes.cpp) and one file per resource, each of
/// which parses, makes one call of the domain and writes the answer. /openapi.json describes it
/// (web/openapi.json.in).

#include "otpd/api/authenticator.hpp"
#include "otpd/http/router.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/otp/read_limit.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/spending_report.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::api {

/// Why the service should get no traffic now, as a word for people; nothing when it is ready.
using readiness = std::function<boost::asio::awaitable<std::optional<std::string_view>>()>;
/// How many codes can be verified now; nothing when the store does not answer.
using code_count = std::function<boost::asio::awaitable<std::optional<std::uint64_t>>()>;

/// Everything must outlive the router.
struct dependencies {
    otp::operations const& domain;
    otp::catalogue& catalogue;
    otp::spending_report const& spending;
    otp::route_score_source& stats;
    otp::read_limit& reads;
    authenticator const& callers;
    /// Anybody may ask both, as often as they like: the implementation reads the store once for all
    /// who ask in the same second.
    code_count live_codes;
    readiness why_not_ready;
    /// The upstream's base URL, without a trailing slash: `delivery_status_url` starts with it, as
    /// in the reference.
    std::string upstream_url;
    /// Not empty: this service's own base URL as its clients know it, without a trailing slash, and
    /// `delivery_status_url` is in it (`<base>/deliveries/<id>`).
    std::string delivery_url;
};

/// Every path of the table, once: the labels that metrics know before the first request.
[[nodiscard]] std::vector<std::string_view> paths();
/// Adds every public route.
void add_routes(http::router& routes, dependencies const& deps);
/// Adds the operator's read-only view of all clients to the admin listener, under the same paths:
/// the account with the budgets, every message, the scores. `uses.callers` knows the operator.
void add_operator_routes(http::router& routes, dependencies const& deps);

} // namespace otpd::api
