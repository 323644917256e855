// service::send: admit, transmit, settle.

#include "otpd/core/encoding.hpp"
#include "otpd/otp/service.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "seconds.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace otpd::otp {

namespace asio = boost::asio;
using bridgexapi::reason;

namespace {

constexpr char const* cooldown_counter = "cooldown";

/// A store that does not answer is asked again no sooner than this.
constexpr std::chrono::seconds store_retry{1};

secret_string message_for(std::string const& message_template, passcode const& code) {
    constexpr std::string_view placeholder = "{code}";
    std::string text = message_template;
    text.replace(text.find(placeholder), placeholder.size(), code.reveal());
    return secret_string(std::move(text));
}

failure refusal(store::refused const& answer) {
    failure why{errc::cooldown_active};
    store::duration longest{};
    for (auto const& broken : answer.violations) {
        if (broken.counter != cooldown_counter) {
            why.code = errc::limit_exceeded;
            why.violated.push_back(broken.counter);
        }
        longest = std::max(longest, broken.retry_after);
    }
    why.retry_after = whole_seconds(longest);
    return why;
}

/// The word under which an attempt is counted (telemetry::labels::send_outcomes).
std::string_view metric_word(outcome<sent> const& result) {
    if (result) return "accepted";
    switch (result.error().code) {
    case errc::cooldown_active:
        return "cooldown";
    case errc::limit_exceeded:
        return "limited";
    case errc::route_not_allowed:
        return "not_allowed";
    case errc::upstream_rejected:
        return "rejected";
    case errc::upstream_unavailable:
        return "not_sent";
    case errc::delivery_unknown:
        return "unknown";
    case errc::capacity_exhausted:
        return "full";
    default:
        return "store_unavailable";
    }
}

} // namespace

/// One send, from its admission on.
struct service::attempt {
    send_request request;
    int route_id;
    store::number_key number;
    store::verification_id id;
    passcode code;
    steady_time began;

    [[nodiscard]] store::record_key key() const {
        return store::record_key{number, request.what.name()};
    }
};

asio::awaitable<outcome<sent>> service::send(send_request request, deadline until) {
    // A coroutine of its own with no way to cancel it: between admission and settlement nothing may
    // stop it, or an SMS is paid for that nobody remembers.
    auto const executor = co_await asio::this_coro::executor;
    auto const uncancellable =
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    co_return co_await asio::co_spawn(executor, send_to_the_end(std::move(request), until),
                                      uncancellable);
}

asio::awaitable<outcome<sent>> service::send_to_the_end(send_request request, deadline until) {
    int const route_id = request.route_id.value_or(rules_.default_route_id);
    auto const number = uses_.keys.hash(request.to);
    store::verification_id id;
    uses_.random.fill(id);
    attempt const current{std::move(request),
                          route_id,
                          number,
                          id,
                          passcode::generate(rules_.code_length, uses_.random),
                          uses_.now.now()};

    outcome<sent> result = failure{errc::route_not_allowed};
    if (std::ranges::find(rules_.allowed_routes, route_id) != rules_.allowed_routes.end()) {
        auto refused = co_await admit(current);
        if (refused) {
            result = std::move(*refused);
        } else {
            auto message = co_await transmit(current, until);
            co_await settle(current, message);
            result = conclude(current, std::move(message));
        }
    }
    report(current, result);
    co_return result;
}

asio::awaitable<std::optional<failure>> service::admit(attempt const& send) {
    store::admission request;
    request.key = send.key();
    request.id = send.id;
    request.code = uses_.keys.sign(send.request.to, send.request.what, send.code);
    request.ttl = rules_.ttl;
    request.charges = charges();
    request.guesses = rules_.guesses;

    auto const answer = co_await uses_.store.admit(std::move(request));
    if (!answer) co_return failure{errc::store_unavailable, store_retry};
    if (auto const* refused = std::get_if<store::refused>(&*answer)) co_return refusal(*refused);
    if (std::holds_alternative<store::full>(*answer)) {
        uses_.metrics.store_full();
        co_return failure{errc::capacity_exhausted, rules_.rejected_backoff};
    }
    co_return std::nullopt;
}

asio::awaitable<bridgexapi::send_outcome> service::transmit(attempt const& send, deadline until) {
    bridgexapi::sms message{send.route_id, rules_.caller_id, send.request.to,
                            message_for(rules_.message_template, send.code)};
    try {
        co_return co_await uses_.gateway.send_sms(std::move(message),
                                                  until.within(rules_.send_timeout));
    } catch (std::exception const& bug) {
        uses_.log.error("upstream_client_failed",
                        {{"request_id", send.request.request_id}, {"what", bug.what()}});
    }
    co_return bridgexapi::unknown{reason::protocol_error}; // whether bytes left, nobody knows now
}

asio::awaitable<void> service::settle(attempt const& send,
                                      bridgexapi::send_outcome const& message) {
    store::settlement request;
    request.key = send.key();
    request.id = send.id;
    if (auto const* accepted = std::get_if<bridgexapi::accepted>(&message)) {
        request.result = store::send_result::accepted;
        request.accepted = store::receipt{send.route_id, accepted->order_id.value_or(""),
                                          accepted->bx_message_id.value_or(""), accepted->cost};
    } else if (std::holds_alternative<bridgexapi::unknown>(message)) {
        request.result = store::send_result::unknown;
    } else {
        request.result = store::send_result::refused;
        request.give_back = charges();
        if (back_off() > std::chrono::seconds::zero())
            request.back_off = store::charge{cooldown_counter, 1, back_off()};
    }
    auto const answer = co_await uses_.store.settle(std::move(request));
    // The caller is told what became of the SMS all the same: the record stays as admitted, so a code
    // that was sent verifies, and one that was not merely keeps its cooldown.
    if (!answer)
        uses_.log.error("settle_failed", {{"request_id", send.request.request_id},
                                          {"verification_id", to_hex(send.id)}});
}

outcome<sent> service::conclude(attempt const& send, bridgexapi::send_outcome message) const {
    if (auto* const accepted = std::get_if<bridgexapi::accepted>(&message)) {
        auto const spent = uses_.now.now() - send.began;
        sent result;
        result.id = send.id;
        result.route_id = send.route_id;
        result.expires_in = seconds_left(rules_.ttl, spent);
        result.cooldown = seconds_left(rules_.cooldown, spent);
        if (rules_.reveal_codes) result.debug_code = send.code;
        result.message = std::move(*accepted);
        return result;
    }
    if (auto const* rejected = std::get_if<bridgexapi::rejected>(&message)) {
        failure why{errc::upstream_rejected};
        why.reason = rejected->why;
        if (back_off() > std::chrono::seconds::zero()) why.retry_after = back_off();
        return why;
    }
    if (auto const* not_sent = std::get_if<bridgexapi::not_sent>(&message)) {
        failure why{errc::upstream_unavailable,
                    std::max(back_off(), not_sent->retry_after.value_or(std::chrono::seconds(1)))};
        why.reason = not_sent->why;
        return why;
    }
    failure why{errc::delivery_unknown};
    why.reason = std::get<bridgexapi::unknown>(message).why;
    return why;
}

/// What keeps a number from trying again at once when nothing was sent: nothing without a cooldown.
std::chrono::seconds service::back_off() const {
    return std::min(rules_.rejected_backoff, rules_.cooldown);
}

std::vector<store::charge> service::charges() const {
    std::vector<store::charge> list;
    if (rules_.cooldown > std::chrono::seconds::zero())
        list.push_back(store::charge{cooldown_counter, 1, rules_.cooldown});
    return list;
}

void service::report(attempt const& send, outcome<sent> const& result) const {
    std::string_view const why = !result && result.error().reason
                                     ? bridgexapi::to_string(*result.error().reason)
                                     : std::string_view();
    uses_.metrics.send(metric_word(result), why, send.route_id);
    auto const phone = send.request.to.masked();
    if (result) {
        auto const& message = result->message;
        uses_.log.info("otp_sent", {{"request_id", send.request.request_id},
                                    {"verification_id", to_hex(send.id)},
                                    {"phone", phone},
                                    {"purpose", send.request.what.name()},
                                    {"route_id", send.route_id},
                                    {"order_id", message.order_id.value_or("")},
                                    {"bx_message_id", message.bx_message_id.value_or("")},
                                    {"cost", message.cost.value_or(money()).units()}});
        return;
    }
    uses_.log.info("otp_not_sent", {{"request_id", send.request.request_id},
                                    {"verification_id", to_hex(send.id)},
                                    {"phone", phone},
                                    {"purpose", send.request.what.name()},
                                    {"route_id", send.route_id},
                                    {"outcome", metric_word(result)},
                                    {"reason", why}});
}

} // namespace otpd::otp
