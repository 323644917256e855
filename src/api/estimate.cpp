// POST /estimate: what an SMS would cost, without sending it

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "resources.hpp"

namespace otpd::api {

namespace asio = boost::asio;

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

asio::awaitable<http::response> answer(dependencies const& uses, http::request const& request) {
    auto const* const from = uses.callers.identify(request);
    if (from == nullptr) co_return to_response(http::unauthorized(), request);
    if (auto refusal = wrong_content_type(request)) co_return to_response(*refusal, request);
    auto const refused = co_await uses.reads.refusal(*from);
    if (refused) co_return to_response(to_problem(*refused), request);
    json_body body(request.body());
    auto asked = parse(body, request, *from);
    if (!asked) co_return to_response(body.problem(), request);
    auto const found =
        co_await uses.domain.estimator().estimate(*std::move(asked), request.until());
    if (!found) co_return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(*found, *from);
    co_return reply;
}

} // namespace

void add_estimate(http::router& routes, dependencies const& uses) {
    routes.add(http::method::post, paths::estimate,
               [uses](http::request const& request) { return answer(uses, request); });
}

} // namespace otpd::api
