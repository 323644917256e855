// POST /verify-otp

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

namespace otpd::api {

namespace {

struct parsed_guess {
    otp::verify_request request;
    /// Of new codes. A live code keeps the length that it was sent with.
    std::size_t usual_length = 0;
};

std::optional<parsed_guess> parse_guess(json_body& body, http::request const& request,
                                        otp::client const& client, otp::policy const& policy) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const rules = policy.for_scope(client, what ? what->name() : std::string_view());
    auto const code = read_code(body, rules.code_length);
    auto id = read_verification_id(body, rules.require_verification_id);
    auto address = read_end_user_address(body);
    auto device = read_device(body);
    auto variables = read_variables(body); // any: other ones make a wrong guess
    if (!body.valid()) return std::nullopt;
    return parsed_guess{
        otp::verify_request{caller_of(request, client, std::move(address), std::move(device)),
                            *std::move(number), *std::move(what), *code, std::move(id),
                            std::move(variables)},
        rules.code_length};
}

/// Whether no code of the guess's length is live, and none that is sent now would have it.
bool is_of_wrong_length(otp::failure const& why, std::size_t length,
                        std::size_t usual_length) noexcept {
    return why.code == otp::errc::no_active_otp && length != usual_length;
}

} // namespace

answer verify_otp(api_call call) {
    json_body body(call.request.body());
    auto guess = parse_guess(body, call.request, *call.client, call.deps.domain.rules);
    if (!guess) co_return to_response(body.problem(), call.request);

    auto const number = guess->request.number;
    auto const what = guess->request.purpose;
    auto const length = guess->request.code.size();
    auto const verified = co_await call.deps.domain.verifier.verify(std::move(guess->request));
    if (!verified && is_of_wrong_length(verified.error(), length, guess->usual_length)) {
        reject_length(body, guess->usual_length);
        co_return to_response(body.problem(), call.request);
    }
    if (!verified) co_return to_response(to_problem(verified.error()), call.request);
    co_return http::response{.body = json_writer()
                                         .add("status", "otp_verified")
                                         .add("phone_number", number.masked())
                                         .add("purpose", what.name())
                                         .add("verified", true)
                                         .finish()};
}

} // namespace otpd::api
