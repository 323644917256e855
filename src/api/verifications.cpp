// GET and DELETE /verifications/{id}: what became of one code, and its end before its time

#include "caller.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "resources.hpp"

namespace otpd::api {

namespace asio = boost::asio;

namespace {

std::string write(otp::verification_view const& of) {
    std::vector<std::string> events;
    events.reserve(of.events.size());
    for (auto const& each : of.events)
        events.push_back(json_writer().add("at", each.at).add("event", each.what).finish());
    auto const sent = of.sent.value_or(store::receipt{});
    auto const given = [](std::string const& text) {
        return text.empty() ? std::nullopt : std::optional<std::string>(text);
    };
    std::optional<int> route;
    if (of.sent) route = sent.route_id;
    std::optional<std::string_view> currency;
    if (sent.cost) currency = "EUR";
    return json_writer()
        .add("verification_id", of.id)
        .add("purpose", of.purpose)
        .add("state", of.state)
        .add("delivery", of.delivery)
        .add("created_at", of.created_at)
        .add("expires_in_seconds", of.expires_in.count())
        .add("attempts_left", of.attempts_left)
        .add("attempts_left_without_id", of.attempts_left_without_id)
        .add("route_id", route)
        .add("bx_message_id", given(sent.bx_message_id))
        .add("order_id", given(sent.order_id))
        .add("cost", sent.cost)
        .add("currency", currency)
        .add_array("events", events)
        .finish();
}

using step = asio::awaitable<otp::outcome<otp::verification_view>> (otp::service::*)(otp::caller,
                                                                                     std::string);

asio::awaitable<http::response> answer(dependencies const& uses, http::request const& request,
                                       std::string id, step what) {
    auto const* const from = uses.callers.identify(request);
    if (from == nullptr) co_return to_response(http::unauthorized(), request);
    auto const found = co_await (uses.domain.*what)(caller_of(request, *from), std::move(id));
    if (!found) co_return to_response(to_problem(found.error()), request);
    http::response reply;
    reply.body = write(*found);
    co_return reply;
}

} // namespace

void add_verifications(http::router& routes, dependencies const& uses) {
    auto find = [uses](http::request const& request, std::string id) {
        return answer(uses, request, std::move(id), &otp::service::find);
    };
    auto cancel = [uses](http::request const& request, std::string id) {
        return answer(uses, request, std::move(id), &otp::service::cancel);
    };
    routes.add(http::method::get, paths::verification, find);
    routes.add(http::method::delete_, paths::verification, cancel);
}

} // namespace otpd::api
