// POST /numbers/find and /numbers/limits: what is known of a number, for the operator

#include "fields.hpp"
#include "json_writer.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::api {

namespace {

/// The words of `key` of a [[limit]].
// In the order of the enumerators.
constexpr std::array<std::string_view, 8> limit_keys{
    "number",           "number_of_all_clients", "prefix", "country",
    "end_user_address", "caller_address",        "client", "everybody"};
static_assert(limit_keys.size() == static_cast<std::size_t>(otp::limit_key::everybody) + 1);

std::string_view word_of(otp::limit_key key) {
    return limit_keys[static_cast<std::size_t>(key)];
}

/// What BridgeXAPI, or otpd, said last of the message.
std::optional<std::string> error_of(otp::verification_view const& view) {
    std::optional<std::string> found;
    for (auto const& event : view.events)
        for (auto const& [name, value] : event.details) {
            bool const is_error = (event.type == "delivery" && name == "error") ||
                                  (event.type == "unknown" && name == "reason");
            if (auto const* text = std::get_if<std::string>(&value); is_error && text != nullptr)
                found = *text;
        }
    return found;
}

std::string write_message(otp::verification_view const& view) {
    auto const sent = view.sent.value_or(store::receipt{});
    std::optional<int> route;
    if (view.sent) route = sent.route_id;
    return json_writer()
        .add("status", view.delivery)
        .add("route_id", route)
        .add("bx_message_id", unless_empty(sent.bx_message_id))
        .add("cost", sent.cost)
        .add("error", error_of(view))
        .finish();
}

std::string write_found(otp::verification_view const& view) {
    return json_writer()
        .add("verification_id", view.id)
        .add("purpose", view.purpose)
        .add("status", view.state)
        .add("created_at", view.created_at)
        .add("expires_at", view.expires_at)
        .add("attempts_left", view.attempts_left)
        .add("reference", unless_empty(view.reference))
        .add_json("message", write_message(view))
        .finish();
}

std::string write_pause(otp::reported_pause const& pause) {
    return json_writer()
        .add("purpose", pause.purpose)
        .add("known_device", pause.is_known)
        .add("retry_after_seconds", pause.left.count())
        .finish();
}

std::string write_client(otp::reported_client const& of, std::uint32_t guesses_max) {
    return json_writer()
        .add("client", of.client)
        .add("known_devices", of.known_devices)
        .add("wrong_guesses", of.wrong_guesses)
        .add("wrong_guesses_max", guesses_max)
        .add("failures_in_a_row", of.failures_in_a_row)
        .add("locked_for_seconds", of.locked_for.count())
        .add("devices_locked_for_seconds", of.devices_locked_for.count())
        .add_array("cooldowns", of.cooldowns, write_pause)
        .add_array("verifications", of.verifications, write_found)
        .finish();
}

std::string write_limit(otp::reported_limit const& limit) {
    return json_writer()
        .add("name", limit.name)
        .add("key", word_of(limit.key))
        .add("client", unless_empty(limit.client))
        .add("limit", limit.quota)
        .add("window_seconds", limit.window.count())
        .add("remaining", limit.remaining)
        .add("reset_seconds", limit.resets_in.count())
        .add("observe", limit.is_observed)
        .finish();
}

std::string write_destination(otp::reported_destination const& where) {
    return json_writer()
        .add("country", unless_empty(where.country))
        .add("verdict", where.is_allowed ? "allowed" : "denied")
        .add("why", unless_empty(where.why))
        .add("trusted", where.is_trusted)
        .add_array("denied_clients", where.denied_clients, json_string)
        .finish();
}

/// Drops the clients before the named one. Returns false if there is none of that name.
bool begin_at(std::vector<otp::client>& clients, std::string_view name) {
    auto const first = std::ranges::find(clients, name, &otp::client::name);
    if (first == clients.end()) return false;
    clients.erase(clients.begin(), first);
    return true;
}

answer report(api_call call, bool with_clients) {
    constexpr std::chrono::seconds time_to_answer{1};
    auto const& deps = call.deps;
    json_body body(call.request.body());
    auto number = read_phone_number(body);
    std::string const from(body.optional_string("from_client").value_or(""));
    if (!number || !body.valid()) co_return to_response(body.problem(), call.request);
    std::vector<otp::client> clients;
    for (auto& client : deps.clients())
        clients.push_back(std::move(client.profile));
    if (!from.empty() && !begin_at(clients, from)) {
        otp::failure const unknown{otp::errc::client_not_found};
        co_return to_response(to_problem(unknown), call.request);
    }
    auto const until = deadline::in(call.request.until().remaining() - time_to_answer);
    auto const found = co_await deps.domain.numbers.find(*number, std::move(clients), until);
    if (!found) co_return to_response(to_problem(found.error()), call.request);
    auto const guesses_max = deps.domain.rules.guesses.quota;
    json_writer reply;
    reply.add("phone_number", number->masked());
    if (with_clients)
        reply.add_array("clients", found->clients,
                        [&](auto const& entry) { return write_client(entry, guesses_max); });
    reply.add_array("limits", found->limits, write_limit)
        .add_json("destination", write_destination(found->where))
        .add("next_client", unless_empty(found->next));
    co_return http::response{.body = reply.finish()};
}

} // namespace

answer find_number(api_call call) {
    return report(call, true);
}

answer number_limits(api_call call) {
    return report(call, false);
}

} // namespace otpd::api
