// GET /health (the reference's), /livez and /readyz (for balancers and orchestrators)

#include "json_writer.hpp"
#include "problems.hpp"
#include "resources.hpp"
#include "version.hpp"

namespace otpd::api {

namespace asio = boost::asio;

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

/// Whoever shows no token learns that the service works, and no figure of it.
asio::awaitable<http::response> health(dependencies const& uses, http::request const& request) {
    auto const codes = co_await uses.live_codes();
    if (!codes) {
        otp::failure const unavailable{otp::errc::store_unavailable, not_ready_retry};
        co_return to_response(to_problem(unavailable), request);
    }
    json_writer writer;
    writer.add("status", "ok").add("service", "BridgeXAPI OTP Server");
    if (uses.callers.identify(request) != nullptr)
        writer.add("version", version).add("active_otps", *codes);
    http::response reply;
    reply.body = writer.finish();
    co_return reply;
}

} // namespace

void add_health(http::router& routes, dependencies const& uses) {
    routes.add(http::method::get, paths::health,
               [uses](http::request const& request) { return health(uses, request); });
    routes.add(http::method::get, paths::livez,
               [](http::request const&) -> asio::awaitable<http::response> {
                   http::response reply;
                   reply.body = json_writer().add("status", "ok").finish();
                   co_return reply;
               });
    routes.add(http::method::get, paths::readyz,
               [why_not_ready = uses.why_not_ready](
                   http::request const& request) -> asio::awaitable<http::response> {
                   auto const why = co_await why_not_ready();
                   if (why) co_return to_response(not_ready(*why), request);
                   http::response reply;
                   reply.body = json_writer().add("status", "ready").finish();
                   co_return reply;
               });
}

} // namespace otpd::api
