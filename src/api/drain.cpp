// POST /drain: the operator ends this instance

#include "fields.hpp"
#include "json_writer.hpp"
#include "route_table.hpp"

namespace otpd::api {

answer drain(api_call call) {
    json_body body(call.request.body());
    auto const reason = read_reason(body, false);
    if (!body.valid()) co_return to_response(body.problem(), call.request);
    call.deps.drain(call.request.request_id(), reason.value_or(""));
    co_return http::response{.status = 202,
                             .body = json_writer().add("status", "draining").finish()};
}

} // namespace otpd::api
