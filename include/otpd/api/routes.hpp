#pragma once

/// The public HTTP API. src/api/routes.cpp holds the table of routes. Each resource has one file,
/// which parses the request, makes one call to the domain and writes the response.
/// web/openapi.json.in describes the API for /openapi.json.

#include "otpd/api/authenticator.hpp"
#include "otpd/api/hooks.hpp"
#include "otpd/http/router.hpp"
#include "otpd/otp/catalogue.hpp"
#include "otpd/otp/destination_overrides.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/otp/read_limit.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/otp/spending_report.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::api {

/// Returns a readable reason why the service should get no traffic now; nullopt when it is ready.
using readiness = std::function<boost::asio::awaitable<std::optional<std::string_view>>()>;
/// Returns how many codes can be verified now; nullopt when the store does not answer.
using code_count = std::function<boost::asio::awaitable<std::optional<std::uint64_t>>()>;

/// What a reload of the settings did.
struct reload_report {
    std::vector<std::string> changed;        ///< keys that it applied
    std::vector<std::string> restart_needed; ///< changed keys that it did not apply
    std::vector<std::string> faults;         ///< if there are any, it applied nothing
};
using reload_function = std::function<boost::asio::awaitable<reload_report>()>;
/// Begins the end of the service. Any thread.
using drain_request = std::function<void(std::string_view request_id, std::string_view reason)>;
/// Returns a JSON object.
using json_report = std::function<boost::asio::awaitable<std::string>()>;
inline boost::asio::awaitable<std::string> nothing_to_report() {
    co_return "{}";
}

/// What handlers use. All references must outlive it and the requests that began with it.
struct dependencies {
    otp::operations const& domain;
    otp::catalogue& catalogue;
    otp::spending_report const& spending;
    otp::route_score_source const& stats;
    otp::read_limit& reads;
    authenticator const& callers;
    /// Anyone may call both functions at any rate. The implementation reads the store at most once
    /// a second.
    code_count live_codes;
    readiness why_not_ready;
    /// The upstream's base URL, without a trailing slash. `delivery_status_url` starts with it, as
    /// in the reference implementation.
    std::string upstream_url;
    /// This service's public base URL, without a trailing slash. When set, `delivery_status_url` is
    /// `<base>/deliveries/<id>` instead.
    std::string delivery_url;
    bool reference_form = false; ///< compat_settings::reference
    /// Serves requests from this machine only (local_only.hpp).
    bool is_local_only = false;
    // For the operator's routes.
    reload_function reload = {};
    std::function<std::vector<known_client>()> clients = {}; ///< all clients of the API
    otp::destination_overrides* overrides = nullptr;
    drain_request drain{};
    json_report service_stats = nothing_to_report;
    json_report abuse_report = nothing_to_report;
    api::hooks const* hooks = nullptr; ///< of the API's listener; null: there are none
};

/// Returns the present dependencies, or null where nobody may know of the routes. A request keeps
/// those that it began with until its response is complete.
using dependencies_source = std::function<boost::shared_ptr<dependencies const>()>;

/// Lists each path of the table once. Metrics use them as labels before the first request.
[[nodiscard]] std::vector<std::string_view> paths();
/// Adds all public routes: each path, and the same under /v1.
void add_routes(http::router& routes, dependencies_source deps);
/// With dependencies that never change.
void add_routes(http::router& routes, dependencies const& deps);
/// Adds the operator's view of all clients to the admin listener, under the same paths: the account
/// with its budgets, all messages, and the scores; what he may do for a number, a destination and
/// the service; the console and its figures. `deps.callers` knows the operator.
void add_operator_routes(http::router& routes, dependencies_source deps);
void add_operator_routes(http::router& routes, dependencies const& deps);

} // namespace otpd::api
