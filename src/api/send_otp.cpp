// POST /send-otp

#include "fields.hpp"
#include "json_writer.hpp"
#include "otpd/core/encoding.hpp"
#include "problems.hpp"
#include "resources.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace otpd::api {

namespace asio = boost::asio;

namespace {

constexpr int first_route = 1;
constexpr int last_route = 8; // BridgeXAPI's catalogue; the policy says which of them are enabled

std::optional<otp::send_request> parse(json_body& body, http::request const& request) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const route_id = body.optional_integer("route_id", first_route, last_route);
    if (!body.valid()) return std::nullopt;
    return otp::send_request{*std::move(number), *std::move(what), route_id,
                             std::string(request.request_id())};
}

/// The reference's URL of a delivery report, or nothing without an id.
std::optional<std::string> delivery_url(std::string const& upstream,
                                        std::optional<std::string> const& id) {
    if (!id) return std::nullopt;
    return upstream + "/api/v1/dlr/" + boost::urls::encode(*id, boost::urls::unreserved_chars);
}

std::string write(otp::sent const& sent, std::string const& phone, std::string const& purpose,
                  std::string const& upstream) {
    std::optional<std::string_view> code;
    if (sent.debug_code) code = sent.debug_code->reveal();
    std::optional<std::string_view> currency;
    if (sent.message.cost) currency = "EUR";
    return json_writer()
        .add("status", "otp_sent")
        .add("phone_number", phone)
        .add("purpose", purpose)
        .add("route_id", sent.route_id)
        .add("expires_in_seconds", sent.expires_in.count())
        .add("cooldown_seconds", sent.cooldown.count())
        .add("debug_code", code)
        .add("bx_message_id", sent.message.bx_message_id)
        .add("order_id", sent.message.order_id)
        .add("delivery_status_url", delivery_url(upstream, sent.message.bx_message_id))
        .add("verification_id", to_hex(sent.id))
        .add("cost", sent.message.cost)
        .add("currency", currency)
        .finish();
}

} // namespace

void add_send_otp(http::router& routes, dependencies const& uses) {
    routes.add(http::method::post, paths::send_otp,
               [uses](http::request const& request) -> asio::awaitable<http::response> {
                   if (auto refusal = uses.callers.refusal(request))
                       co_return to_response(*refusal, request);
                   if (auto refusal = wrong_content_type(request))
                       co_return to_response(*refusal, request);
                   json_body body(request.body());
                   auto send = parse(body, request);
                   if (!send) co_return to_response(body.problem(), request);

                   std::string const phone = send->to.masked();
                   std::string const purpose = send->what.name();
                   auto const sent = co_await uses.domain.send(*std::move(send), request.until());
                   if (!sent) co_return to_response(to_problem(sent.error()), request);
                   http::response reply;
                   reply.body = write(*sent, phone, purpose, uses.upstream_url);
                   co_return reply;
               });
}

} // namespace otpd::api
