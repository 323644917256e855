// GET /config: the rules a client may want to know, as in the reference

#include "json_writer.hpp"
#include "otpd/http/problem.hpp"
#include "resources.hpp"

namespace otpd::api {

namespace asio = boost::asio;

void add_config(http::router& routes, dependencies const& uses) {
    routes.add(
        http::method::get, paths::config,
        [&callers = uses.callers,
         &domain = uses.domain](http::request const& request) -> asio::awaitable<http::response> {
            if (callers.identify(request) == nullptr)
                co_return to_response(http::unauthorized(), request);
            auto const& rules = domain.rules();
            http::response reply;
            reply.body =
                json_writer()
                    .add("otp_length", rules.code_length)
                    .add("otp_ttl_seconds", rules.ttl.count())
                    .add("otp_send_cooldown_seconds",
                         std::chrono::floor<std::chrono::seconds>(rules.cooldown.base).count())
                    .add("otp_max_attempts", rules.attempts_max)
                    .add("default_route_id", rules.default_route_id)
                    .add("default_caller_id", rules.caller_id)
                    .add("debug_otp", rules.reveal_codes)
                    .finish();
            co_return reply;
        });
}

} // namespace otpd::api
