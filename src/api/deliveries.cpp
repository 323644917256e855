// GET /deliveries/{bx_message_id}: the delivery of a message

#include "caller.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "query.hpp"
#include "route_table.hpp"

#include <string>

namespace otpd::api {

namespace {

std::string write(otp::delivery_view const& view) {
    return json_writer()
        .add("bx_message_id", view.bx_message_id)
        .add("phone_number", view.phone)
        .add("delivery", otp::to_string(view.state))
        .add("status", view.status)
        .add("route_id", view.route_id)
        .add("order_id", view.order_id)
        .add("error", view.error)
        .add("created_at", view.created_at)
        .add("asked_at", view.asked_at)
        .finish();
}

} // namespace

answer find_delivery(api_call call, std::string id) {
    auto const& request = call.request;
    query asked(request.query(), {"verification_id"});
    if (!asked.valid()) co_return to_response(asked.problem(), request);
    std::optional<std::string> verification;
    if (auto const text = asked.text("verification_id")) verification = *text;
    auto const found = co_await call.deps.domain.deliveries.find(
        caller_of(request, *call.client), std::move(id), std::move(verification), request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    co_return http::response{.body = write(*found)};
}

} // namespace otpd::api
