// GET /deliveries/{bx_message_id}: what became of a message after the upstream took it

#include "caller.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "query.hpp"
#include "route_table.hpp"

#include <string>

namespace otpd::api {

namespace {

std::string write(otp::delivery_view const& of) {
    return json_writer()
        .add("bx_message_id", of.bx_message_id)
        .add("phone_number", of.phone)
        .add("delivery", otp::to_string(of.state))
        .add("status", of.status)
        .add("route_id", of.route_id)
        .add("order_id", of.order_id)
        .add("error", of.error)
        .add("created_at", of.created_at)
        .add("asked_at", of.asked_at)
        .finish();
}

} // namespace

answer find_delivery(api_call call, std::string id) {
    auto const& request = call.request;
    query asked(request.query(), {"verification_id"});
    if (!asked.valid()) co_return to_response(asked.problem(), request);
    std::optional<std::string> verification;
    if (auto const text = asked.text("verification_id")) verification = *text;
    auto const found = co_await call.uses.domain.deliveries().find(
        caller_of(request, *call.client), std::move(id), std::move(verification), request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(*found);
    co_return reply;
}

} // namespace otpd::api
