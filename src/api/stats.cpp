// GET /stats and /abuse: what the service knows of itself, for the operator

#include "route_table.hpp"

#include <utility>

namespace otpd::api {

answer stats(api_call call) {
    auto text = co_await call.deps.service_stats();
    co_return http::response{.body = std::move(text)};
}

answer abuse(api_call call) {
    auto text = co_await call.deps.abuse_report();
    co_return http::response{.body = std::move(text)};
}

} // namespace otpd::api
