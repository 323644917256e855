// GET and DELETE /verifications/{id}: reads or cancels a verification
// POST /verifications/{id}/outcome: what became of a code that an identity provider checks

#include "caller.hpp"
#include "json_body.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "query.hpp"
#include "route_table.hpp"

#include <algorithm>
#include <functional>
#include <variant>

namespace otpd::api {

namespace {

constexpr int longest_wait = 60; // seconds

/// Details become members beside `at` and `event`. No detail has these names.
std::string write_event(otp::verification_view::event const& of) {
    json_writer event;
    event.add("at", of.at).add("event", of.type);
    for (auto const& [name, value] : of.details)
        std::visit([&event, &name](auto const& known) { event.add(name, known); }, value);
    return event.finish();
}

std::string write(otp::verification_view const& view, bool shows_client) {
    auto const sent = view.sent.value_or(store::receipt{});
    std::optional<int> route;
    if (view.sent) route = sent.route_id;
    std::optional<std::string_view> currency;
    if (sent.cost) currency = "EUR";
    json_writer reply;
    reply.add("verification_id", view.id);
    if (shows_client) reply.add("client", view.client);
    reply.add("purpose", view.purpose)
        .add("state", view.state)
        .add("delivery", view.delivery)
        .add("created_at", view.created_at)
        .add("expires_in_seconds", view.expires_in.count())
        .add("attempts_left", view.attempts_left)
        .add("route_id", route)
        .add("bx_message_id", unless_empty(sent.bx_message_id))
        .add("order_id", unless_empty(sent.order_id))
        .add("cost", sent.cost)
        .add("currency", currency)
        .add_array("events", view.events, write_event);
    if (!view.reference.empty()) reply.add("reference", view.reference);
    return reply.finish();
}

http::response reply_of(otp::outcome<otp::verification_view> const& found,
                        http::request const& request, bool shows_client = false) {
    if (!found) return to_response(to_problem(found.error()), request);
    return {.body = write(*found, shows_client)};
}

/// Returns when a waiting request is answered: early enough for the server's request timeout.
deadline end_of_wait(int seconds, http::request const& request) {
    constexpr std::chrono::seconds time_to_answer{1};
    deadline::duration const wished = std::chrono::seconds(seconds);
    return deadline::in(std::min(wished, request.until().remaining() - time_to_answer));
}

} // namespace

answer find_verification(api_call call, std::string id) {
    auto const& request = call.request;
    auto const& domain = call.deps.domain;
    query asked(request.query(), {"wait"});
    auto const wait = asked.integer("wait", 0, longest_wait);
    if (!asked.valid()) co_return to_response(asked.problem(), request);
    if (call.client->is_operator) { // does not wait: places are the clients'
        auto const found = co_await domain.verifications.find_of_any(std::move(id));
        co_return reply_of(found, request, true);
    }
    auto who = caller_of(request, *call.client);
    who.generation = call.generation; // a shared read may go on when this request has ended
    if (wait.value_or(0) == 0)
        co_return reply_of(co_await domain.verifications.find(std::move(who), std::move(id)),
                           request);
    auto const until = end_of_wait(*wait, request);
    std::function<bool()> has_disconnected = [&request] { return request.has_hung_up(); };
    co_return reply_of(co_await domain.long_polls.find_changed(std::move(who), std::move(id), until,
                                                               std::move(has_disconnected)),
                       request);
}

answer report_outcome(api_call call, std::string id) {
    auto const& request = call.request;
    json_body body(request.body());
    constexpr std::string_view name = "outcome";
    auto const text = body.required_string(name);
    bool const is_verified = text == "verified";
    if (text && !is_verified && text != "failed")
        body.reject(name, "Value error, outcome must be verified or failed.");
    if (!body.valid()) co_return to_response(body.problem(), request);
    auto const known = co_await call.deps.domain.outcomes.report(caller_of(request, *call.client),
                                                                 std::move(id), is_verified);
    if (!known) co_return to_response(to_problem(known.error()), request);
    auto const* const status = is_verified ? "verified" : "failed";
    co_return http::response{.body = json_writer().add("status", status).finish()};
}

answer cancel_verification(api_call call, std::string id) {
    auto who = caller_of(call.request, *call.client);
    co_return reply_of(
        co_await call.deps.domain.verifications.cancel(std::move(who), std::move(id)),
        call.request);
}

} // namespace otpd::api
