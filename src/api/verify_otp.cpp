// POST /verify-otp

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "resources.hpp"

namespace otpd::api {

namespace asio = boost::asio;

namespace {

std::optional<otp::verify_request> parse(json_body& body, http::request const& request,
                                         otp::client const& from, std::size_t code_length) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const code = read_code(body, code_length);
    auto id = read_verification_id(body);
    auto address = read_end_user_address(body);
    if (!body.valid()) return std::nullopt;
    return otp::verify_request{caller_of(request, from, std::move(address)), *std::move(number),
                               *std::move(what), *code, std::move(id)};
}

asio::awaitable<http::response> answer(dependencies const& uses, http::request const& request) {
    auto const* const from = uses.callers.identify(request);
    if (from == nullptr) co_return to_response(http::unauthorized(), request);
    if (auto refusal = wrong_content_type(request)) co_return to_response(*refusal, request);
    json_body body(request.body());
    auto guess = parse(body, request, *from, uses.domain.rules().code_length);
    if (!guess) co_return to_response(body.problem(), request);

    auto const number = guess->number;
    auto const what = guess->what;
    auto const verified = co_await uses.domain.verifier().verify(*std::move(guess));
    if (!verified) co_return to_response(to_problem(verified.error()), request);
    http::response reply;
    reply.body = json_writer()
                     .add("status", "otp_verified")
                     .add("phone_number", number.masked())
                     .add("purpose", what.name())
                     .add("verified", true)
                     .finish();
    co_return reply;
}

} // namespace

void add_verify_otp(http::router& routes, dependencies const& uses) {
    routes.add(http::method::post, paths::verify_otp,
               [uses](http::request const& request) { return answer(uses, request); });
}

} // namespace otpd::api
