// POST /estimate: the cost of an SMS, without sending it

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

namespace otpd::api {

namespace {

std::optional<otp::estimate_request> parse_estimate(json_body& body, http::request const& request,
                                                    otp::client const& client) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const route_id = read_route_id(body);
    if (!body.valid()) return std::nullopt;
    return otp::estimate_request{caller_of(request, client), *std::move(number), *std::move(what),
                                 route_id};
}

/// A tenant does not see the balance, only whether it suffices.
std::string write(bridgexapi::estimate const& estimate, otp::client const& client) {
    std::optional<money> balance;
    if (!client.is_tenant) balance = estimate.balance;
    return json_writer()
        .add("route_id", estimate.route_id)
        .add("currency", estimate.currency)
        .add("estimated_cost", estimate.estimated_cost)
        .add("balance", balance)
        .add("sufficient_balance", estimate.sufficient_balance)
        .add("sandbox", estimate.sandbox)
        .finish();
}

} // namespace

answer estimate(api_call call) {
    auto const& request = call.request;
    json_body body(request.body());
    auto asked = parse_estimate(body, request, *call.client);
    if (!asked) co_return to_response(body.problem(), request);
    auto const found =
        co_await call.deps.domain.estimator.estimate(*std::move(asked), request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    co_return http::response{.body = write(*found, *call.client)};
}

} // namespace otpd::api
