// GET /health (the reference's), /livez and /readyz (for balancers and orchestrators)

#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"
#include "version.hpp"

namespace otpd::api {

namespace {

/// How soon a balancer may ask again.
constexpr std::chrono::seconds not_ready_retry{1};

http::problem not_ready(std::string_view why) {
    http::problem what;
    what.status = 503;
    what.code = "not_ready";
    what.detail = "Send no traffic here: " + std::string(why) + ".";
    what.retry_after = not_ready_retry;
    return what;
}

} // namespace

/// Whoever shows no token learns that the service works, and no figure of it.
answer health(api_call call) {
    auto const codes = co_await call.uses.live_codes();
    if (!codes) {
        otp::failure const unavailable{otp::errc::store_unavailable, not_ready_retry};
        co_return to_response(to_problem(unavailable), call.request);
    }
    json_writer writer;
    writer.add("status", "ok").add("service", "BridgeXAPI OTP Server");
    if (call.client != nullptr) writer.add("version", version).add("active_otps", *codes);
    http::response reply;
    reply.body = writer.finish();
    co_return reply;
}

answer livez(api_call) {
    http::response reply;
    reply.body = json_writer().add("status", "ok").finish();
    co_return reply;
}

answer readyz(api_call call) {
    auto const why = co_await call.uses.why_not_ready();
    if (why) co_return to_response(not_ready(*why), call.request);
    http::response reply;
    reply.body = json_writer().add("status", "ready").finish();
    co_return reply;
}

} // namespace otpd::api
