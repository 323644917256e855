// GET /stats and /abuse: what the service knows of itself, for the operator

#include "route_table.hpp"

namespace otpd::api {

answer stats(api_call call) {
    http::response reply;
    reply.body = co_await call.deps.service_stats();
    co_return reply;
}

answer abuse(api_call call) {
    http::response reply;
    reply.body = co_await call.deps.abuse_report();
    co_return reply;
}

} // namespace otpd::api
