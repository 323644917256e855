// POST /verify-otp

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

namespace otpd::api {

namespace {

std::optional<otp::verify_request> parse(json_body& body, http::request const& request,
                                         otp::client const& client, otp::policy const& rules) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const code = read_code(body, rules.code_length);
    auto id =
        read_verification_id(body, rules.require_verification_id || client.require_verification_id);
    auto address = read_end_user_address(body);
    auto device = read_device(body);
    if (!body.valid()) return std::nullopt;
    return otp::verify_request{caller_of(request, client, std::move(address), std::move(device)),
                               *std::move(number), *std::move(what), *code, std::move(id)};
}

} // namespace

answer verify_otp(api_call call) {
    json_body body(call.request.body());
    auto guess = parse(body, call.request, *call.client, call.deps.domain.rules);
    if (!guess) co_return to_response(body.problem(), call.request);

    auto const number = guess->number;
    auto const what = guess->purpose;
    auto const verified = co_await call.deps.domain.verifier.verify(*std::move(guess));
    if (!verified) co_return to_response(to_problem(verified.error()), call.request);
    http::response reply;
    reply.body = json_writer()
                     .add("status", "otp_verified")
                     .add("phone_number", number.masked())
                     .add("purpose", what.name())
                     .add("verified", true)
                     .finish();
    co_return reply;
}

} // namespace otpd::api
