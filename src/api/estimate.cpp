// POST /estimate: what an SMS would cost, without sending it

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

namespace otpd::api {

namespace {

std::optional<otp::estimate_request> parse(json_body& body, http::request const& request,
                                           otp::client const& from) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const route_id = read_route_id(body);
    if (!body.valid()) return std::nullopt;
    return otp::estimate_request{caller_of(request, from), *std::move(number), *std::move(what),
                                 route_id};
}

/// A tenant learns nothing of the account but whether it will do.
std::string write(bridgexapi::estimate const& of, otp::client const& from) {
    std::optional<money> balance;
    if (!from.is_tenant) balance = of.balance;
    return json_writer()
        .add("route_id", of.route_id)
        .add("currency", of.currency)
        .add("estimated_cost", of.estimated_cost)
        .add("balance", balance)
        .add("sufficient_balance", of.sufficient_balance)
        .add("sandbox", of.sandbox)
        .finish();
}

} // namespace

answer estimate(api_call call) {
    auto const& request = call.request;
    json_body body(request.body());
    auto asked = parse(body, request, *call.client);
    if (!asked) co_return to_response(body.problem(), request);
    auto const found =
        co_await call.uses.domain.estimator().estimate(*std::move(asked), request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(*found, *call.client);
    co_return reply;
}

} // namespace otpd::api
