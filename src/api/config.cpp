// GET /config: the rules that matter to clients, as in the reference implementation

#include "json_writer.hpp"
#include "route_table.hpp"

namespace otpd::api {

answer config(api_call call) {
    auto const& rules = call.deps.domain.rules;
    co_return http::response{
        .body = json_writer()
                    .add("otp_length", rules.code_length)
                    .add("otp_ttl_seconds", rules.ttl.count())
                    .add("otp_send_cooldown_seconds",
                         std::chrono::floor<std::chrono::seconds>(rules.cooldown.base).count())
                    .add("otp_max_attempts", rules.attempts_max)
                    .add("default_route_id", rules.default_route_id)
                    .add("default_caller_id", rules.caller_id)
                    .add("debug_otp", rules.reveal_codes)
                    .finish()};
}

} // namespace otpd::api
