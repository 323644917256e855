#include "send/store_requests.hpp"

#include "limits/limiter.hpp"
#include "otpd/core/decimal.hpp"
#include "otpd/otp/timeline.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace otpd::otp {

namespace {

/// In addition to the send's own timeout, for the settlement.
constexpr std::chrono::seconds settle_time{5};
/// The timeline lists this many limits, the tightest ones.
constexpr int limits_told = 3;

/// "client_1m 299/300, number_24h 9/10"
std::string text_of(std::vector<limit_status> const& limits) {
    std::string text;
    for (auto const& limit : limits | std::views::take(limits_told)) {
        text.append(text.empty() ? "" : ", ").append(limit.name).append(" ");
        append_integer(text, limit.remaining);
        text.append("/");
        append_integer(text, limit.quota);
    }
    return text;
}

/// Replaces the expected price with the real one.
std::vector<store::adjustment> corrections(std::vector<store::reservation> const& made,
                                           money real) {
    std::vector<store::adjustment> list;
    for (auto const& entry : made)
        if (entry.amount != real.micros())
            list.push_back({entry.budget, real.micros() - entry.amount});
    return list;
}

/// The notes that the timeline does not contain yet.
std::vector<store::note> notes_of(route_walk const& routes, steady_time now) {
    std::vector<store::note> list;
    for (auto i = routes.notes_kept; i < routes.notes.size(); ++i)
        list.push_back({store::event_type::step,
                        std::chrono::floor<store::duration>(now - routes.notes[i].at),
                        routes.notes[i].details});
    return list;
}

/// Nothing for a route that does not belong to a plan.
std::optional<store::planned_send> plan_of(route_walk const& routes) {
    if (routes.plan.empty()) return std::nullopt;
    store::planned_send plan{{routes.fingerprint, routes.taken.number}, routes.begins_after, {}};
    for (auto const& step : routes.steps)
        plan.deliver_within.push_back(step.deliver_within > std::chrono::seconds::zero()
                                          ? step.deliver_within
                                          : usual_deliver_within);
    return plan;
}

/// What the send says of routes: each one that BridgeXAPI was asked for. A connection that was
/// closed before the message was read says nothing.
std::optional<store::send_score> score_of(send_state const& send) {
    using enum step_report::result;
    if (send.draft.is_test) return std::nullopt;
    auto const* const lost = send.unknown();
    store::send_score score;
    score.number = send.draft.number_of_all;
    score.slot = {send.draft.country, store::score_hour(send.asked_at)};
    for (auto const& report : send.routes().reports) {
        bool const is_accepted = report.outcome == accepted && send.accepted() != nullptr;
        bool const is_asked =
            is_accepted || report.outcome == rejected ||
            (report.outcome == unknown && lost != nullptr && !lost->stale_connection);
        if (!is_asked) continue;
        auto& attempt = score.attempts.emplace_back();
        attempt.route_id = report.route_id;
        attempt.is_accepted = is_accepted;
        if (is_accepted) attempt.cost = send.accepted()->cost;
    }
    if (score.attempts.empty()) return std::nullopt;
    return score;
}

void settle_accepted(store::settlement& request, send_state const& send,
                     bridgexapi::accepted const& message) {
    request.result = store::send_result::accepted;
    if (send.draft.is_test) return;
    auto const& taken = send.routes().taken;
    request.accepted = store::receipt{taken.route_id, message.order_id.value_or(""),
                                      message.bx_message_id.value_or(""), message.cost};
    details_writer details;
    details.add("route_id", taken.route_id);
    if (taken.price) details.add("price", *taken.price);
    if (message.cost) {
        details.add("cost", *message.cost);
        request.adjustments = corrections(taken.reservations, *message.cost);
    }
    request.details = details.text();
}

/// The possible cost stays spent until the upstream's list shows the outcome.
void settle_unknown(store::settlement& request, send_state const& send,
                    bridgexapi::unknown const& message) {
    request.result = store::send_result::unknown;
    details_writer details;
    details.add("route_id", send.routes().taken.route_id)
        .add("reason", bridgexapi::to_string(message.why))
        .add("price", send.routes().taken.expected);
    request.details = details.text();
}

void settle_refused(store::settlement& request, send_state const& send, policy const& rules) {
    auto const& draft = send.draft;
    request.result = store::send_result::refused;
    request.adjustments = corrections(send.routes().taken.reservations, money());
    if (send.possible_reservations)
        request.unanswered = store::unanswered_replacement{
            send.routes().notes_kept, corrections(*send.possible_reservations, money())};
    for (std::size_t i = 0; i < draft.rate_limit_checks.size(); ++i)
        if (send.admission->resets_in.at(i) > store::counter_time::zero())
            request.refund.push_back(draft.rate_limit_checks[i]);
    for (auto const& guard : draft.guards)
        request.guarded.push_back(guard.key);
    if (draft.challenge) request.challenge = draft.challenge->key;
    request.cooldown = send.admission->cooldown;
    request.back_off = back_off(draft, rules);
}

} // namespace

store::admission admission_of(send_draft const& draft, policy const& rules) {
    store::admission request;
    request.key = draft.key();
    request.id = draft.address.id;
    request.by = draft.by;
    request.device = draft.device;
    request.code = draft.seed;
    request.ttl = draft.rules.ttl;
    request.repeat = draft.repeat;
    request.retention = rules.retention;
    request.lease = rules.send_timeout + settle_time;
    if (!draft.is_test) request.cooldown = draft.rules.cooldown;
    request.rate_limit_checks = draft.rate_limit_checks;
    request.reservations = draft.routes.taken.reservations;
    request.guards = draft.guards;
    request.challenge = draft.challenge;
    request.guesses = rules.guesses;
    request.idempotency = draft.idempotency;
    request.reference = draft.request.reference;
    if (!draft.is_test) request.plan = plan_of(draft.routes);
    request.trace = draft.request.caller.trace;
    return request;
}

store::admission replay_of(send_draft const& draft, policy const& rules,
                           store::reservation impossible) {
    auto request = admission_of(draft, rules);
    request.rate_limit_checks.clear();
    request.guards.clear();
    request.cooldown = {};
    request.reservations = {std::move(impossible)};
    return request;
}

store::settlement undo_of(store::admission const& perhaps_made) {
    store::settlement request;
    request.key = perhaps_made.key;
    request.id = perhaps_made.id;
    request.result = store::send_result::refused;
    request.is_undo = true;
    request.trace = perhaps_made.trace;
    request.idempotency = perhaps_made.idempotency;
    if (auto const& entry = perhaps_made.entry)
        request.entry = store::journal_write{entry->at, entry->id, {}, {}};
    for (auto const& rate_limit_check : perhaps_made.rate_limit_checks)
        if (!rate_limit_check.observed) request.refund.push_back(rate_limit_check);
    for (auto const& guard : perhaps_made.guards)
        request.guarded.push_back(guard.key);
    if (perhaps_made.challenge) request.challenge = perhaps_made.challenge->key;
    for (auto const& reservation : perhaps_made.reservations)
        if (!reservation.observed)
            request.adjustments.push_back({reservation.budget, -reservation.amount});
    return request;
}

store::reservation_replacement
reservation_replacement_of(send_state const& send, std::vector<store::reservation> const& before,
                           steady_time now) {
    store::reservation_replacement request;
    request.address = send.draft.address;
    request.trace = send.draft.request.caller.trace;
    request.is_hedge = send.is_hedge;
    request.notes = notes_of(send.routes(), now);
    for (auto const& entry : before)
        request.refund.push_back({entry.budget, -entry.amount});
    request.take = send.routes().taken.reservations;
    return request;
}

store::settlement hedge_settlement_of(send_state const& send, steady_time now) {
    store::settlement request;
    request.key = send.draft.key();
    request.id = send.draft.address.id;
    request.trace = send.draft.request.caller.trace;
    request.is_hedge = true;
    request.step = send.routes().taken.number;
    request.notes = notes_of(send.routes(), now);
    if (auto const* const accepted = send.accepted()) {
        settle_accepted(request, send, *accepted);
    } else if (auto const* const unknown = send.unknown()) {
        settle_unknown(request, send, *unknown);
    } else {
        request.result = store::send_result::refused;
        request.adjustments = corrections(send.routes().taken.reservations, money());
    }
    return request;
}

store::settlement settlement_of(send_state const& send, outcome<sent> const& result,
                                policy const& rules, steady_time now) {
    auto const& draft = send.draft;
    store::settlement request;
    request.key = draft.key();
    request.id = draft.address.id;
    request.trace = draft.request.caller.trace;
    request.idempotency = draft.idempotency;
    request.score = score_of(send);
    if (auto const* const accepted = send.accepted()) {
        settle_accepted(request, send, *accepted);
        if (request.idempotency) request.reply = draft.request.idempotency->write(*result);
    } else if (auto const* const unknown = send.unknown()) {
        settle_unknown(request, send, *unknown);
    } else {
        settle_refused(request, send, rules);
        return request;
    }
    request.step = send.routes().taken.number;
    details_writer admitted;
    admitted.add("country", draft.country).add("route_plan", send.routes().plan);
    admitted.add("limits",
                 result
                     ? text_of(result->limits)
                     : text_of(limiter::limit_statuses(rules, *draft.request.caller.client,
                                                       draft.rate_limit_checks, *send.admission)));
    request.notes.push_back({store::event_type::admitted, {}, admitted.text()});
    std::ranges::move(notes_of(send.routes(), now), std::back_inserter(request.notes));
    return request;
}

std::chrono::seconds back_off(send_draft const& draft, policy const& rules) {
    return std::min(rules.rejected_backoff,
                    std::chrono::floor<std::chrono::seconds>(draft.rules.cooldown.base));
}

} // namespace otpd::otp
