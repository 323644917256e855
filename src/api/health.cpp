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

} // namespace

void add_health(http::router& routes, dependencies const& uses) {
    routes.add(
        http::method::get, paths::health,
        [&store = uses.store](http::request const& request) -> asio::awaitable<http::response> {
            auto const codes = co_await store.live_codes();
            if (!codes)
                co_return to_response(
                    to_problem(otp::failure{otp::errc::store_unavailable, not_ready_retry}),
                    request);
            http::response reply;
            reply.body = json_writer()
                             .add("status", "ok")
                             .add("service", "BridgeXAPI OTP Server")
                             .add("version", version)
                             .add("active_otps", *codes)
                             .finish();
            co_return reply;
        });
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
