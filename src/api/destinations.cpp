// GET and POST /destinations, POST /destinations/end: overrides of destinations, for the operator

#include "caller.hpp"
#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace otpd::api {

namespace {

/// A country or the first digits of numbers, with or without a plus sign. Too few for a whole
/// number: the log and the list show them.
std::optional<otp::destination> read_destination(json_body& body) {
    constexpr std::string_view name = "destination";
    auto text = body.required_string(name);
    if (!text) return std::nullopt;
    auto const is_digit = [](char c) { return '0' <= c && c <= '9'; };
    auto const is_letter = [](char c) { return 'A' <= c && c <= 'Z'; };
    bool const is_country = text->size() == 2 && std::ranges::all_of(*text, is_letter);
    if (text->starts_with('+')) text->remove_prefix(1);
    bool const is_prefix = !text->empty() && text->size() <= store::override_destination_max &&
                           text->front() != '0' && std::ranges::all_of(*text, is_digit);
    if (is_country || is_prefix) return otp::destination{std::string(*text)};
    body.reject(name, "Value error, destination must be a country (two upper-case letters) or the "
                      "first 1 to 8 digits of numbers.");
    return std::nullopt;
}

std::optional<store::override_action> read_action(json_body& body) {
    using enum store::override_action;
    constexpr std::string_view name = "action";
    auto const text = body.required_string(name);
    if (!text) return std::nullopt;
    for (auto const entry : {deny, trust, allow})
        if (*text == otp::to_string(entry)) return entry;
    body.reject(name, "Value error, action must be deny, trust or allow.");
    return std::nullopt;
}

std::chrono::seconds read_duration(json_body& body) {
    constexpr auto longest =
        std::chrono::duration_cast<std::chrono::seconds>(store::override_longest);
    auto const seconds = body.required_integer("for_seconds", 1, static_cast<int>(longest.count()));
    return std::chrono::seconds(seconds.value_or(0));
}

std::optional<otp::override_request> parse_override(json_body& body, api_call const& call,
                                                    bool ends) {
    auto where = read_destination(body);
    auto const action = read_action(body);
    auto reason = read_reason(body, true);
    auto const lasts = ends ? std::chrono::seconds(0) : read_duration(body);
    if (!body.valid()) return std::nullopt;
    return otp::override_request{caller_of(call.request, *call.client), *std::move(where), *action,
                                 lasts, *std::move(reason)};
}

std::string_view word_of(store::override_outcome::kind kind) {
    if (kind == store::override_outcome::made) return "override_made";
    return kind == store::override_outcome::replaced ? "override_replaced" : "override_ended";
}

std::string write_override(store::destination_override const& of) {
    return json_writer()
        .add("destination", of.destination)
        .add("action", otp::to_string(of.action))
        .add("reason", of.reason)
        .add("made_at", of.made_at)
        .add("ends_at", of.ends_at)
        .finish();
}

answer change_override(api_call call, bool ends) {
    json_body body(call.request.body());
    auto request = parse_override(body, call, ends);
    if (!request) co_return to_response(body.problem(), call.request);
    auto const destination = request->where.text;
    auto const action = request->action;
    auto const done = co_await call.deps.overrides->change(*std::move(request));
    if (!done) co_return to_response(to_problem(done.error()), call.request);
    co_return http::response{.body = json_writer()
                                         .add("status", word_of(*done))
                                         .add("destination", destination)
                                         .add("action", otp::to_string(action))
                                         .finish()};
}

} // namespace

answer list_destinations(api_call call) {
    auto const found = co_await call.deps.overrides->list();
    if (!found) co_return to_response(to_problem(found.error()), call.request);
    co_return http::response{
        .body = json_writer().add_array("destinations", *found, write_override).finish()};
}

answer override_destination(api_call call) {
    return change_override(call, false);
}

answer end_override(api_call call) {
    return change_override(call, true);
}

} // namespace otpd::api
