// GET /health (from the reference implementation), /livez and /readyz (for balancers and
// orchestrators)

#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"
#include "version.hpp"

namespace otpd::api {

namespace {

/// How soon a load balancer may ask again.
constexpr std::chrono::seconds not_ready_retry{1};

http::problem not_ready(std::string_view why) {
    return {.status = 503,
            .code = "not_ready",
            .detail = "Send no traffic here: " + std::string(why) + ".",
            .retry_after = not_ready_retry};
}

} // namespace

/// Without a token the response says that the service works, but contains no numbers. Tenants do
/// not see the number of live codes: it changes with the sends of others.
answer health(api_call call) {
    auto const codes = co_await call.deps.live_codes();
    if (!codes) {
        otp::failure const unavailable{otp::errc::store_unavailable, not_ready_retry};
        co_return to_response(to_problem(unavailable), call.request);
    }
    json_writer writer;
    writer.add("status", "ok").add("service", "BridgeXAPI OTP Server");
    if (call.client != nullptr) writer.add("version", version);
    if (call.client != nullptr && !call.client->is_tenant) writer.add("active_otps", *codes);
    co_return http::response{.body = writer.finish()};
}

answer livez(api_call) {
    co_return http::response{.body = json_writer().add("status", "ok").finish()};
}

answer readyz(api_call call) {
    auto const why = co_await call.deps.why_not_ready();
    if (why) co_return to_response(not_ready(*why), call.request);
    co_return http::response{.body = json_writer().add("status", "ready").finish()};
}

} // namespace otpd::api
