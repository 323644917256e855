#pragma once

/// The routes of the admin listener, for operators and their tools.

#include "otpd/http/router.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace otpd::app {

inline constexpr std::string_view metrics_path = "/metrics";

/// `scrape` returns the Prometheus text exposition and may be called from several threads.
void add_admin_routes(http::router& routes,
                      std::function<boost::asio::awaitable<std::string>()> scrape);

} // namespace otpd::app
