// POST /send-otp

#include "caller.hpp"
#include "fields.hpp"
#include "idempotency_key.hpp"
#include "json_writer.hpp"
#include "limit_fields.hpp"
#include "problems.hpp"
#include "resources.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace otpd::api {

namespace asio = boost::asio;

namespace {

constexpr int first_route = 1;
constexpr int last_route = 8; // BridgeXAPI's catalogue; the policy says which of them are enabled

std::optional<otp::send_request> parse(json_body& body, http::request const& request,
                                       otp::client const& from) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const route_id = body.optional_integer("route_id", first_route, last_route);
    auto address = read_end_user_address(body);
    auto locale = read_locale(body);
    auto tail = read_message_tail(body);
    if (!body.valid()) return std::nullopt;
    return otp::send_request{caller_of(request, from, std::move(address)),
                             *std::move(number),
                             *std::move(what),
                             route_id,
                             std::move(locale),
                             std::move(tail),
                             {}};
}

/// The reference's URL of a delivery report, or nothing without an id.
std::optional<std::string> delivery_url(std::string const& upstream,
                                        std::optional<std::string> const& id) {
    if (!id) return std::nullopt;
    return upstream + "/api/v1/dlr/" + boost::urls::encode(*id, boost::urls::unreserved_chars);
}

/// What a reply repeats of its request.
struct asked {
    std::string phone; ///< masked
    std::string purpose;
};

std::string write(otp::sent const& sent, asked const& what, std::string const& upstream) {
    std::optional<std::string_view> code;
    if (sent.debug_code) code = sent.debug_code->reveal();
    std::optional<std::string_view> currency;
    if (sent.message.cost) currency = "EUR";
    json_writer reply;
    reply.add("status", "otp_sent")
        .add("phone_number", what.phone)
        .add("purpose", what.purpose)
        .add("route_id", sent.route_id)
        .add("expires_in_seconds", sent.expires_in.count())
        .add("cooldown_seconds", sent.cooldown.count())
        .add("debug_code", code)
        .add("bx_message_id", sent.message.bx_message_id)
        .add("order_id", sent.message.order_id)
        .add("delivery_status_url", delivery_url(upstream, sent.message.bx_message_id))
        .add("verification_id", sent.id)
        .add("cost", sent.message.cost)
        .add("currency", currency);
    if (sent.test) reply.add("test", true);
    return reply.finish();
}

http::response reply_of(otp::sent const& sent, asked const& what, std::string const& upstream) {
    http::response reply;
    reply.body = sent.replayed.empty() ? write(sent, what, upstream) : sent.replayed;
    add_limit_fields(reply.headers, sent.limits);
    return reply;
}

asio::awaitable<http::response> answer(dependencies const& uses, http::request const& request) {
    auto const* const from = uses.callers.identify(request);
    if (from == nullptr) co_return to_response(http::unauthorized(), request);
    if (auto refusal = wrong_content_type(request)) co_return to_response(*refusal, request);
    auto key = read_idempotency_key(request);
    if (!key) co_return to_response(to_problem(key.error()), request);
    json_body body(request.body());
    auto send = parse(body, request, *from);
    if (!send) co_return to_response(body.problem(), request);

    asked const what{send->to.masked(), send->what.name()};
    if (auto const& once = *key) {
        auto remember = [what, upstream = uses.upstream_url](otp::sent const& sent) {
            return write(sent, what, upstream);
        };
        send->once = otp::idempotency{once->text, once->fingerprint, std::move(remember)};
    }
    auto const sent = co_await uses.domain.send(*std::move(send), request.until());
    if (!sent) co_return to_response(to_problem(sent.error()), request);
    co_return reply_of(*sent, what, uses.upstream_url);
}

} // namespace

void add_send_otp(http::router& routes, dependencies const& uses) {
    routes.add(http::method::post, paths::send_otp,
               [uses](http::request const& request) { return answer(uses, request); });
}

} // namespace otpd::api
