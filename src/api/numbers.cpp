// POST /numbers/unlock and /numbers/forget-devices: what an operator does for a number

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <string>
#include <string_view>

namespace otpd::api {

namespace {

using store::release_part;

std::optional<otp::release_request> parse_release(json_body& body, api_call const& call,
                                                  release_part what) {
    auto const client = body.required_string("client");
    auto number = read_phone_number(body);
    auto reason = read_reason(body, what == release_part::locks, number);
    if (!body.valid()) return std::nullopt;
    return otp::release_request{caller_of(call.request, *call.client), std::string(*client),
                                *std::move(number), what, std::move(reason).value_or("")};
}

answer release(api_call call, release_part what) {
    json_body body(call.request.body());
    auto request = parse_release(body, call, what);
    if (!request) co_return to_response(body.problem(), call.request);

    auto const client = request->client;
    auto const number = request->number;
    auto const done = co_await call.deps.domain.releaser.release(*std::move(request));
    if (!done) co_return to_response(to_problem(done.error()), call.request);
    json_writer reply;
    bool const is_unlock = what == release_part::locks;
    reply.add("status", is_unlock ? "number_unlocked" : "devices_forgotten")
        .add("client", client)
        .add("phone_number", number.masked());
    if (is_unlock)
        reply.add("wrong_guesses", done->wrong_guesses)
            .add("failures_in_a_row", done->failures_in_a_row);
    else
        reply.add("devices", done->devices);
    co_return http::response{.body = reply.finish()};
}

} // namespace

answer unlock_number(api_call call) {
    return release(call, release_part::locks);
}

answer forget_devices(api_call call) {
    return release(call, release_part::devices);
}

} // namespace otpd::api
