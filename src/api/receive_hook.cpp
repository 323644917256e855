// POST /hooks/{client}/{provider}: sends a code that an identity provider made

#include "caller.hpp"
#include "free_text.hpp"
#include "hook_message.hpp"
#include "json_writer.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/http/address_text.hpp"
#include "otpd/store/verification.hpp"
#include "problems.hpp"
#include "route_table.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace otpd::api {

namespace json = boost::json;

namespace {

/// Supabase and ZITADEL wait for five seconds.
constexpr std::chrono::milliseconds time_to_answer{4500};

deadline end_of(identity_provider provider, http::request const& request) {
    bool const is_hurried =
        provider == identity_provider::supabase || provider == identity_provider::zitadel;
    return is_hurried ? request.until().within(time_to_answer) : request.until();
}

// --- the answer ---------------------------------------------------------------------------------

/// `id`: of the verification; empty: unknown.
std::string success(identity_provider provider, std::string const& id) {
    json_writer reply;
    if (provider == identity_provider::authgear) reply.add("code", "ok");
    if (!id.empty()) reply.add("verification_id", id);
    return reply.finish();
}

/// Authgear knows these words only.
std::string_view authgear_code(http::problem const& problem) {
    if (problem.status == 429) return "rate_limited";
    if (problem.code == "hook_message_invalid") return "unsupported_request";
    if (problem.status == 422) return "invalid_phone_number";
    if (problem.status >= 500) return "unknown_error";
    return "delivery_rejected";
}

/// A provider shows the text to nobody, or to its user.
http::response refusal(identity_provider provider, http::problem problem,
                       http::request const& request) {
    // It may ask again: the code has not been refused.
    bool const is_early = problem.code == "send_in_progress" || problem.code == "store_unavailable";
    if (is_early) problem.status = 503;
    auto reply = to_response(problem, request);
    json::object form;
    if (provider == identity_provider::supabase && !is_early) { // it reads no other answer
        json::object error;
        error["http_code"] = problem.status;
        error["message"] = problem.detail;
        form["error"] = std::move(error);
        reply.status = 200;
        reply.headers.clear(); // Retry-After makes it ask again at once
    } else if (provider == identity_provider::authgear) {
        form["code"] = authgear_code(problem);
        form["description"] = problem.detail;
    } else {
        return reply;
    }
    reply.content_type = "application/json";
    reply.body = json::serialize(form);
    return reply;
}

http::problem invalid(std::string detail) {
    http::problem problem;
    problem.status = 422;
    problem.code = "hook_message_invalid";
    problem.detail = std::move(detail);
    return problem;
}

// --- the request --------------------------------------------------------------------------------

bool is_code(std::string_view text) {
    return text.size() >= otp::given_code::min_length &&
           text.size() <= otp::given_code::max_length && std::ranges::all_of(text, [](char c) {
               auto const lower = to_lower(c);
               return is_ascii_digit(c) || (lower >= 'a' && lower <= 'z');
           });
}

std::optional<std::string> end_user_address(std::string const& text) {
    auto const address = http::parse_address(text);
    if (!address) return std::nullopt;
    return address_block(*address);
}

/// Empty unless it can be a reference.
std::string reference_of(std::string text) {
    auto const is_visible = [](char c) { return '!' <= c && c <= '~'; };
    bool const is_one =
        text.size() <= store::reference_max && std::ranges::all_of(text, is_visible);
    return is_one ? std::move(text) : std::string();
}

purpose purpose_of(identity_provider provider) {
    return purpose::parse(std::string(purpose::hook_prefix).append(to_string(provider))).value();
}

std::variant<otp::send_request, http::problem> read_request(hooks::signer const& by,
                                                            api_call const& call) {
    auto const provider = by.settings->provider;
    auto message = read_hook_message(provider, call.request.body());
    if (!message)
        return invalid("The body is no JSON object of this provider with a phone number and a "
                       "code.");
    auto number = phone_number::parse(message->to);
    if (!number) return to_problem(otp::failure{otp::errc::number_invalid});
    if (!is_code(message->code.reveal()))
        return invalid("The code is not 4 to 16 ASCII letters and digits.");
    otp::given_code given{std::move(message->code)};
    std::optional<otp::autofill_suffix> suffix;
    if (by.settings->free_text) {
        auto text = read_free_text(message->text.reveal(), given.code.reveal(), *by.client);
        if (!text)
            return invalid("The text is not one SMS with the code once and without foreign links "
                           "and numbers.");
        given.text = std::move(text->text);
        suffix = std::move(text->suffix);
        if (!suffix) suffix.emplace(); // the text has none
    }
    otp::send_request send{
        caller_of(call.request, *by.client, end_user_address(message->end_user_ip), std::nullopt),
        *std::move(number), purpose_of(provider)};
    send.caller.generation = call.generation; // for a second message
    send.locale = otp::locale_tag::parse(message->locale).value_or(otp::locale_tag{});
    send.suffix = std::move(suffix);
    send.reference = reference_of(std::move(message->reference));
    send.given = std::move(given);
    send.idempotency = otp::idempotency_key{{}, {}, [](otp::sent const& sent) { return sent.id; }};
    return send;
}

/// A message that may have been sent counts as sent: its code is good, and a provider that hears
/// otherwise might drop it.
answer receive(api_call call, identity_provider provider, std::string client) {
    auto const& request = call.request;
    std::optional<hooks::signer> by;
    if (call.deps.hooks != nullptr) by = call.deps.hooks->identify(client, provider, request);
    if (!by) co_return to_response(http::unauthorized(), request);
    request.set_identified();
    auto read = read_request(*by, call);
    if (auto* const refused = std::get_if<http::problem>(&read))
        co_return refusal(provider, std::move(*refused), request);
    auto const until = end_of(provider, request);
    auto const sent =
        co_await call.deps.domain.sender.send(std::get<otp::send_request>(std::move(read)), until);
    bool const is_perhaps_sent = !sent && sent.error().code == otp::errc::delivery_unknown;
    if (!sent && !is_perhaps_sent) co_return refusal(provider, to_problem(sent.error()), request);
    std::string id; // unknown with an unknown outcome
    if (sent) id = sent->replayed.empty() ? sent->id : sent->replayed;
    http::response reply;
    reply.body = success(provider, id);
    co_return reply;
}

} // namespace

answer supabase_hook(api_call call, std::string client) {
    return receive(std::move(call), identity_provider::supabase, std::move(client));
}
answer logto_hook(api_call call, std::string client) {
    return receive(std::move(call), identity_provider::logto, std::move(client));
}
answer zitadel_hook(api_call call, std::string client) {
    return receive(std::move(call), identity_provider::zitadel, std::move(client));
}
answer authgear_hook(api_call call, std::string client) {
    return receive(std::move(call), identity_provider::authgear, std::move(client));
}
answer kratos_hook(api_call call, std::string client) {
    return receive(std::move(call), identity_provider::kratos, std::move(client));
}
answer generic_hook(api_call call, std::string client) {
    return receive(std::move(call), identity_provider::generic, std::move(client));
}

} // namespace otpd::api
