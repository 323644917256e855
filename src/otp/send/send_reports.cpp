#include "send/send_reports.hpp"

#include "limits/limiter.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <array>

namespace otpd::otp {

namespace {

// Labels of telemetry::labels::send_outcomes, in the order of errc, whose first codes are those of
// sends.
constexpr std::array<std::string_view, 17> words_of_refusals{
    "invalid_number", "invalid_number", "not_allowed", "not_allowed", "not_allowed", "not_allowed",
    "no_route",       "not_allowed",    "cooldown",    "limited",     "challenge",   "in_progress",
    "key_reused",     "rejected",       "not_sent",    "unknown",     "full"};
static_assert(words_of_refusals.size() == static_cast<std::size_t>(errc::capacity_exhausted) + 1);

/// The label of a send in the metrics.
std::string_view metric_word(outcome<sent> const& result) {
    if (result) {
        if (!result->replayed.empty()) return "replayed";
        return result->test ? "test" : "accepted";
    }
    auto const code = static_cast<std::size_t>(result.error().code);
    return code < words_of_refusals.size() ? words_of_refusals[code] : "store_unavailable";
}

std::string names_of(std::vector<violated_limit> const& violated) {
    std::string names;
    for (auto const& entry : violated)
        names.append(names.empty() ? "" : ",").append(entry.name);
    return names;
}

/// "8:rejected:vendor_failed,1:accepted"
std::string routes_of(std::vector<step_report> const& steps) {
    std::string text;
    for (auto const& step : steps) {
        text.append(text.empty() ? "" : ",").append(std::to_string(step.route_id));
        text.append(":").append(to_string(step.outcome));
        if (!step.why.empty()) text.append(":").append(step.why);
    }
    return text;
}

event_type type_of_refusal(errc code) noexcept {
    bool const is_blocked = code == errc::limit_exceeded || code == errc::challenge_required ||
                            code == errc::cooldown_active;
    return is_blocked ? event_type::blocked : event_type::refused;
}

/// All but the last six digits. Other lines have the last four digits; together with a longer
/// prefix they would reveal the number.
std::string shown_prefix(phone_number const& number) {
    constexpr std::size_t hidden = 6;
    auto const& digits = number.digits();
    return digits.substr(0, digits.size() - hidden) + "xx";
}

/// As a prefix is counted by limits.
std::string counted_prefix(phone_number const& number) {
    constexpr std::size_t hidden = 4;
    auto const& digits = number.digits();
    return digits.substr(0, digits.size() - hidden);
}

} // namespace

void send_reports::violations(std::vector<store::violation> const& list, limit_mode mode,
                              send_state const& send) const {
    bool const observed = mode == limit_mode::observe;
    auto const& who = send.draft.request.caller;
    for (auto const& entry : list) {
        metrics_.limit_violated(entry.counter, observed);
        if (is_guard(entry.counter)) {
            bool const of_prefix = entry.counter == pumping_prefix;
            log_.warn("pumping_blocked",
                      {{"request_id", who.request_id},
                       {"trace_id", who.trace},
                       {"limit", entry.counter},
                       {"country", send.draft.country},
                       {"prefix", of_prefix ? shown_prefix(send.draft.request.to) : std::string()},
                       {"observed", observed},
                       {"retry_after_ms", entry.retry_after.count()}});
        } else if (observed) {
            log_.info("limit_observed", {{"request_id", who.request_id},
                                         {"trace_id", who.trace},
                                         {"client", who.client->name},
                                         {"limit", entry.counter}});
        }
    }
}

void send_reports::store_full() const {
    metrics_.store_full();
}

void send_reports::settle_failed(send_state const& send) const {
    log_.error("settle_failed", {{"request_id", send.draft.request.caller.request_id},
                                 {"trace_id", send.draft.request.caller.trace},
                                 {"verification_id", to_hex(send.draft.address.id)}});
}

// --- observers ----------------------------------------------------------------------------------

verification_event send_reports::event_of(send_state const& send, event_type type,
                                          wall_time stored_at) const {
    auto const& draft = send.draft;
    auto const& request = draft.request;
    verification_event event;
    event.type = type;
    event.at = stored_at == wall_time() ? now_.wall() : stored_at;
    if (send.admission) {
        event.verification_id = draft.sealed;
        auto const since =
            event.at - (stored_at == wall_time() ? draft.began_at : send.admission->at);
        event.since_admitted = std::chrono::floor<std::chrono::milliseconds>(since);
    }
    event.request_id = request.caller.request_id;
    event.trace = request.caller.trace;
    event.client = request.caller.client->name;
    event.purpose = request.purpose.name();
    event.country = draft.country;
    event.phone = request.to.masked();
    event.reference = request.reference;
    event.who = draft.who;
    event.is_test = draft.is_test;
    event.is_solved = draft.challenge.has_value();
    if (draft.device && send.is_known) event.device = *send.is_known ? "known" : "new";
    event.plan = send.routes().plan;
    event.route_id = send.routes().taken.route_id;
    event.price = send.routes().taken.price;
    return event;
}

verification_event send_reports::event_of_transmission(send_state const& send,
                                                       wall_time settled_at) const {
    auto event = event_of(send, event_type::not_sent, settled_at);
    if (!send.message) {
        event.type = event_type::unknown;
    } else if (auto const* const accepted = send.accepted()) {
        event.type = event_type::accepted;
        event.order_id = accepted->order_id.value_or("");
        event.bx_message_id = accepted->bx_message_id.value_or("");
        event.cost = accepted->cost;
        for (auto const& step : send.routes().reports)
            event.steps.push_back({step.route_id, to_string(step.outcome), step.why, step.price});
    } else if (auto const* const unknown = send.unknown()) {
        event.type = event_type::unknown;
        event.reason = bridgexapi::to_string(unknown->why);
        event.stale_connection = unknown->stale_connection;
    } else if (auto const* const rejected = std::get_if<bridgexapi::rejected>(&*send.message)) {
        event.reason = bridgexapi::to_string(rejected->why);
    } else {
        event.reason = bridgexapi::to_string(std::get<bridgexapi::not_sent>(*send.message).why);
    }
    // Why the route was chosen, with its scores.
    if (!send.routes().notes.empty()) event.details = send.routes().notes.back().details;
    return event;
}

void send_reports::publish_route_left(send_state const& send, step_report const& step) const {
    if (!observers_.wants(event_type::step_left)) return;
    auto event = event_of(send, event_type::step_left);
    event.route_id = step.route_id;
    event.price = step.price;
    event.reason = step.why;
    event.attempted = step.outcome == step_report::result::rejected;
    observers_.on_event(event);
}

void send_reports::route_left(send_state const& send, step_report const& step) const {
    if (!send.routes().plan.empty()) metrics_.step_left(to_string(step.outcome), step.route_id);
    if (send.admission) publish_route_left(send, step);
}

void send_reports::admitted(send_state const& send) const {
    if (observers_.wants(event_type::admitted))
        observers_.on_event(event_of(send, event_type::admitted, send.admission->at));
    for (auto const& report : send.routes().reports)
        publish_route_left(send, report);
}

verification_event send_reports::event_of_refusal(send_state const& send,
                                                  failure const& why) const {
    auto event = event_of(send, type_of_refusal(why.code));
    event.reason = names_of(why.violated);
    event.error = problem_code(why.code);
    event.limits = send.refused_by;
    if (event.type == event_type::blocked)
        event.number_prefix = counted_prefix(send.draft.request.to);
    return event;
}

void send_reports::publish_refused(send_state& send, failure const& why) const {
    auto const type = type_of_refusal(why.code);
    if (!observers_.wants(type)) return;
    auto event = event_of_refusal(send, why);
    if (type == event_type::blocked) event_outbox::hand_over(send.outbox, event);
    observers_.on_event(event);
}

void send_reports::transmitted(send_state& send, verification_event& event) const {
    if (event.type == event_type::accepted) event_outbox::hand_over(send.outbox, event);
    observers_.on_event(event);
    event.entry = {}; // later events of the message have their own
}

// --- the log and the metrics --------------------------------------------------------------------

void send_reports::ended(send_state& send, outcome<sent> const& result) const {
    auto const word = metric_word(result);
    std::string_view const why = !result && result.error().reason
                                     ? bridgexapi::to_string(*result.error().reason)
                                     : std::string_view();
    metrics_.send(word, why, send.routes().taken.route_id);
    if (!result && !send.admission) publish_refused(send, result.error());
    if (result && result->replayed.empty())
        log_sent(send, *result);
    else
        log_not_sent(send, result, word);
}

void send_reports::hedged(send_state const& send) const {
    metrics_.step_left("hedged", send.first_route);
}

verification_event send_reports::event_of_failure(send_state const& send, wall_time at) const {
    auto event = event_of(send, event_type::failed, at);
    event.route_id = send.first_route;
    event.price.reset();
    event.reason = event.error = "delivery_failed";
    return event;
}

void send_reports::failed(send_state& send) const {
    auto event = event_of_failure(send, send.settled_at);
    event_outbox::hand_over(send.outbox, event);
    observers_.on_event(event);
}

void send_reports::hedge_ended(send_state const& send) const {
    auto const& draft = send.draft;
    auto const* const accepted = send.accepted();
    auto const cost = accepted == nullptr ? std::nullopt : accepted->cost;
    if (cost) metrics_.spent(send.routes().taken.route_id, cost->micros());
    std::string_view word = accepted != nullptr ? "accepted" : "unknown";
    if (accepted == nullptr && send.unknown() == nullptr)
        word = to_string(send.routes().reports.back().outcome);
    log_.info("otp_hedged", {{"request_id", draft.request.caller.request_id},
                             {"trace_id", draft.request.caller.trace},
                             {"verification_id", to_hex(draft.address.id)},
                             {"client", draft.request.caller.client->name},
                             {"purpose", draft.request.purpose.name()},
                             {"country", draft.country},
                             {"route_plan", send.routes().plan},
                             {"route_id", send.routes().taken.route_id},
                             {"outcome", word},
                             {"cost", cost.value_or(money()).units()}});
}

void send_reports::log_not_sent(send_state const& send, outcome<sent> const& result,
                                std::string_view word) const {
    auto const& draft = send.draft;
    auto const phone = draft.request.to.masked();
    std::string_view const why = !result && result.error().reason
                                     ? bridgexapi::to_string(*result.error().reason)
                                     : std::string_view();
    log_.info("otp_not_sent",
              {{"request_id", draft.request.caller.request_id},
               {"trace_id", draft.request.caller.trace},
               {"verification_id", to_hex(draft.address.id)},
               {"client", draft.request.caller.client->name},
               {"phone", phone},
               {"purpose", draft.request.purpose.name()},
               {"route_plan", send.routes().plan},
               {"route_id", send.routes().taken.route_id},
               {"routes", routes_of(send.routes().reports)},
               {"outcome", word},
               {"reason", why},
               {"limits", result ? std::string() : names_of(result.error().violated)}});
}

void send_reports::log_sent(send_state const& send, sent const& result) const {
    auto const& draft = send.draft;
    auto const phone = draft.request.to.masked();
    auto const& message = result.message;
    auto const route_id = send.routes().taken.route_id;
    if (message.cost) metrics_.spent(route_id, message.cost->micros());
    log_.info("otp_sent", {{"request_id", draft.request.caller.request_id},
                           {"trace_id", draft.request.caller.trace},
                           {"verification_id", to_hex(draft.address.id)},
                           {"client", draft.request.caller.client->name},
                           {"phone", phone},
                           {"purpose", draft.request.purpose.name()},
                           {"country", draft.country},
                           {"route_plan", send.routes().plan},
                           {"route_id", route_id},
                           {"routes", routes_of(send.routes().reports)},
                           {"order_id", message.order_id.value_or("")},
                           {"bx_message_id", message.bx_message_id.value_or("")},
                           {"cost", message.cost.value_or(money()).units()},
                           {"test", result.test}});
}

} // namespace otpd::otp
