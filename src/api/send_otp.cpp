// POST /send-otp

#include "caller.hpp"
#include "fields.hpp"
#include "idempotency_key.hpp"
#include "json_writer.hpp"
#include "limit_fields.hpp"
#include "problems.hpp"
#include "reference_form.hpp"
#include "route_table.hpp"
#include "steps.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace otpd::api {

namespace {

std::optional<otp::send_request> parse_send(json_body& body, http::request const& request,
                                            otp::client const& client, otp::policy const& policy) {
    auto number = read_phone_number(body);
    auto what = read_purpose(body);
    auto const route_id = read_route_id(body);
    auto plan = read_route_plan(body, route_id);
    auto const max_price = read_max_price(body);
    auto address = read_end_user_address(body);
    auto device = read_device(body);
    auto locale = read_locale(body);
    auto suffix = read_autofill_suffix(body, client);
    auto challenge = body.optional_string("challenge_token");
    auto reference = read_reference(body);
    std::vector<otp::variable> variables;
    if (what) variables = read_variables(body, policy.for_scope(client, what->name()).variables);
    if (!body.valid()) return std::nullopt;
    return otp::send_request{caller_of(request, client, std::move(address), std::move(device)),
                             *std::move(number),
                             *std::move(what),
                             route_id,
                             std::move(plan),
                             max_price,
                             std::move(locale),
                             std::move(suffix),
                             std::optional<std::string>(challenge),
                             std::move(reference),
                             {},
                             std::move(variables)};
}

/// What a response takes from its request and the settings.
struct frame {
    std::string phone; ///< masked
    std::string purpose;
    std::string reference;           ///< empty: none
    std::string reports_at;          ///< the URL of a delivery report without the message id
    bool names_verification = false; ///< in that URL: a tenant thereby shows whose message it is
};

/// Returns the reference implementation's URL unless the operator configured otpd's own.
std::string reports_at(dependencies const& deps) {
    if (deps.delivery_url.empty()) return deps.upstream_url + "/api/v1/dlr/";
    return deps.delivery_url + "/deliveries/";
}

std::string write(otp::sent const& sent, frame const& frame) {
    std::optional<std::string_view> code;
    if (sent.debug_code) code = sent.debug_code->reveal();
    std::optional<std::string_view> currency;
    if (sent.message.cost) currency = "EUR";
    std::optional<std::string> report;
    if (auto const& id = sent.message.bx_message_id)
        report = frame.reports_at + boost::urls::encode(*id, boost::urls::unreserved_chars);
    if (report && frame.names_verification) *report += "?verification_id=" + sent.id;
    json_writer reply;
    reply.add("status", "otp_sent")
        .add("phone_number", frame.phone)
        .add("purpose", frame.purpose)
        .add("route_id", sent.route_id)
        .add("expires_in_seconds", sent.expires_in.count())
        .add("cooldown_seconds", sent.cooldown.count())
        .add("debug_code", code)
        .add("bx_message_id", sent.message.bx_message_id)
        .add("order_id", sent.message.order_id)
        .add("delivery_status_url", report)
        .add("verification_id", sent.id)
        .add("cost", sent.message.cost)
        .add("currency", currency)
        .add("route_plan", unless_empty(sent.plan))
        .add_array("steps", sent.steps, write_step);
    if (!frame.reference.empty()) reply.add("reference", frame.reference);
    if (sent.test) reply.add("test", true);
    return reply.finish();
}

http::response reply_of(otp::sent const& sent, frame const& frame) {
    http::response reply;
    reply.body = sent.replayed.empty() ? write(sent, frame) : sent.replayed;
    add_limit_fields(reply.headers, sent.limits);
    return reply;
}

} // namespace

answer send_otp(api_call call) {
    auto const& request = call.request;
    auto key = read_idempotency_key(request);
    if (!key) co_return to_response(to_problem(key.error()), request);
    json_body body(request.body(), follows_reference(call.deps, request));
    auto send = parse_send(body, request, *call.client, call.deps.domain.rules);
    if (send) send->caller.generation = call.generation; // for a second message
    if (!send) co_return to_response(body.problem(), request);

    frame const frame{send->to.masked(), send->purpose.name(), send->reference,
                      reports_at(call.deps),
                      call.client->is_tenant && !call.deps.delivery_url.empty()};
    send->idempotency = *std::move(key);
    if (send->idempotency)
        send->idempotency->write = [frame](otp::sent const& sent) { return write(sent, frame); };
    auto const sent = co_await call.deps.domain.sender.send(*std::move(send), request.until());
    if (!sent) co_return to_response(to_problem(sent.error()), request);
    co_return reply_of(*sent, frame);
}

} // namespace otpd::api
