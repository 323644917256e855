// A send after the upstream: what its caller is told, what the store keeps, and who follows the message.

#include "attempt.hpp"
#include "limiter.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "seconds.hpp"

#include <algorithm>
#include <iterator>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Another send may end any moment.
constexpr std::chrono::seconds soon{1};
/// Limits that the timeline names: the ones that were nearest.
constexpr std::size_t limits_told = 3;

/// "client_1m 299/300, number_24h 9/10"
std::string text_of(std::vector<standing> const& limits) {
    std::string text;
    for (std::size_t i = 0; i < std::min(limits.size(), limits_told); ++i)
        text.append(text.empty() ? "" : ", ")
            .append(limits[i].name)
            .append(" ")
            .append(std::to_string(limits[i].remaining))
            .append("/")
            .append(std::to_string(limits[i].quota));
    return text;
}

/// The real price in place of the expected one.
std::vector<store::adjustment> corrections(std::vector<store::reservation> const& made,
                                           money real) {
    std::vector<store::adjustment> list;
    for (auto const& each : made)
        if (each.amount != real.micros()) list.push_back({each.from, real.micros() - each.amount});
    return list;
}

} // namespace

outcome<sent> service::conclude(attempt const& send,
                                bridgexapi::send_outcome const& message) const {
    if (auto const* const accepted = std::get_if<bridgexapi::accepted>(&message)) {
        auto const spent = uses_.now.now() - send.began;
        sent result;
        result.id = send.sealed;
        result.route_id = send.route_id;
        result.plan = send.plan;
        result.steps = send.looked_at;
        result.expires_in = seconds_left(rules_.ttl, spent);
        result.cooldown =
            seconds_left(std::chrono::ceil<std::chrono::seconds>(send.admission.cooldown), spent);
        if (rules_.reveal_codes) result.debug_code = send.code;
        result.test = send.test;
        result.message = *accepted;
        result.limits = limiter::standings(send.charges, send.admission);
        return result;
    }
    failure why{errc::delivery_unknown};
    if (auto const* const rejected = std::get_if<bridgexapi::rejected>(&message)) {
        why.code = errc::upstream_rejected;
        why.reason = rejected->why;
        if (back_off() > std::chrono::seconds::zero()) why.retry_after = back_off();
    } else if (auto const* const not_sent = std::get_if<bridgexapi::not_sent>(&message)) {
        why.code = errc::upstream_unavailable;
        why.reason = not_sent->why;
        why.retry_after = std::max(back_off(), not_sent->retry_after.value_or(soon));
    } else {
        why.reason = std::get<bridgexapi::unknown>(message).why;
    }
    why.steps = send.looked_at;
    return why;
}

store::settlement service::settlement_of(attempt const& send,
                                         bridgexapi::send_outcome const& message,
                                         outcome<sent> const& result) const {
    store::settlement request;
    request.key = send.key();
    request.id = send.at.id;
    request.once = once_of(send.request);
    if (auto const* accepted = std::get_if<bridgexapi::accepted>(&message)) {
        settle_accepted(request, send, *accepted);
        if (request.once) request.reply = send.request.once->write(*result);
    } else if (auto const* const unknown = std::get_if<bridgexapi::unknown>(&message)) {
        // What it may have cost stays spent, until the upstream's list shows what became of it.
        request.result = store::send_result::unknown;
        details_writer details;
        details.add("route_id", send.route_id).add("reason", bridgexapi::to_string(unknown->why));
        details.add("price", send.expected);
        request.details = details.text();
    } else {
        settle_refused(request, send);
        return request;
    }
    details_writer admitted;
    admitted.add("country", send.country).add("route_plan", send.plan);
    admitted.add("limits", result ? text_of(result->limits)
                                  : text_of(limiter::standings(send.charges, send.admission)));
    request.notes.push_back({store::event_kind::admitted, {}, admitted.text()});
    std::ranges::move(notes_of(send), std::back_inserter(request.notes));
    return request;
}

void service::settle_accepted(store::settlement& request, attempt const& send,
                              bridgexapi::accepted const& message) const {
    request.result = store::send_result::accepted;
    if (send.test) return;
    request.accepted = store::receipt{send.route_id, message.order_id.value_or(""),
                                      message.bx_message_id.value_or(""), message.cost};
    details_writer details;
    details.add("route_id", send.route_id);
    if (send.price) details.add("price", *send.price);
    if (message.cost) {
        details.add("cost", *message.cost);
        request.adjustments = corrections(send.reservations, *message.cost);
    }
    request.details = details.text();
}

void service::settle_refused(store::settlement& request, attempt const& send) const {
    request.result = store::send_result::refused;
    request.adjustments = corrections(send.reservations, money());
    if (send.perhaps_rebooked)
        request.unanswered = store::unanswered_rebooking{
            send.notes_kept, corrections(*send.perhaps_rebooked, money())};
    for (std::size_t i = 0; i < send.charges.size(); ++i)
        if (send.admission.busy_for.at(i) > store::counter_time::zero())
            request.give_back.push_back(send.charges[i]);
    for (auto const& each : send.watches)
        request.watched.push_back(each.subject);
    request.cooldown = send.admission.cooldown;
    request.back_off = back_off();
}

asio::awaitable<void> service::settle(attempt const& send, bridgexapi::send_outcome const& message,
                                      outcome<sent> const& result) {
    auto request = settlement_of(send, message, result);
    auto const answer = co_await uses_.store.settle(std::move(request));
    // The caller is told what became of the SMS all the same: the record stays as admitted, so a code
    // that was sent verifies, and one that was not merely keeps its cooldown.
    if (!answer)
        uses_.log.error("settle_failed", {{"request_id", send.request.who.request_id},
                                          {"verification_id", to_hex(send.at.id)}});
}

void service::follow(attempt const& send, bridgexapi::send_outcome const& message,
                     occurrence told) const {
    auto const* const accepted = std::get_if<bridgexapi::accepted>(&message);
    if (send.test || (accepted == nullptr && !std::holds_alternative<bridgexapi::unknown>(message)))
        return;
    followed_message what;
    what.at = send.at;
    what.told = std::move(told);
    what.admitted_at = send.began_at;
    what.asked_at = send.asked_at;
    what.follow_for = rules_.ttl;
    what.expected = send.expected;
    if (accepted == nullptr) {
        what.to = send.request.to;
        for (auto const& each : send.reservations)
            what.booked.push_back(each.from);
    } else if (accepted->balance_after) {
        uses_.saw_balance(*accepted->balance_after);
    }
    uses_.deliveries.follow(std::move(what));
}

/// What keeps a number from trying again at once when nothing was sent: nothing without a cooldown.
std::chrono::seconds service::back_off() const {
    return std::min(rules_.rejected_backoff,
                    std::chrono::floor<std::chrono::seconds>(rules_.cooldown.base));
}

} // namespace otpd::otp
