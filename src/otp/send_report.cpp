// What the log and the metrics hear of sends.

#include "attempt.hpp"
#include "limiter.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

namespace otpd::otp {

namespace {

/// The word under which an attempt is counted (telemetry::labels::send_outcomes).
std::string_view metric_word(outcome<sent> const& result) {
    if (result) {
        if (!result->replayed.empty()) return "replayed";
        return result->test ? "test" : "accepted";
    }
    switch (result.error().code) {
    case errc::cooldown_active:
        return "cooldown";
    case errc::limit_exceeded:
        return "limited";
    case errc::number_invalid:
    case errc::number_other_spelling:
        return "invalid_number";
    case errc::destination_not_allowed:
    case errc::purpose_not_allowed:
    case errc::route_not_allowed:
    case errc::route_plan_unknown:
    case errc::message_too_long:
        return "not_allowed";
    case errc::no_route:
        return "no_route";
    case errc::send_in_progress:
        return "in_progress";
    case errc::idempotency_key_reused:
        return "key_reused";
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

std::string names_of(std::vector<violated_limit> const& violated) {
    std::string names;
    for (auto const& each : violated)
        names.append(names.empty() ? "" : ",").append(each.name);
    return names;
}

/// "8:rejected:vendor_failed,1:accepted"
std::string routes_of(std::vector<step_report> const& steps) {
    std::string text;
    for (auto const& each : steps) {
        text.append(text.empty() ? "" : ",").append(std::to_string(each.route_id));
        text.append(":").append(to_string(each.outcome));
        if (!each.why.empty()) text.append(":").append(each.why);
    }
    return text;
}

/// All but the last six digits. The last four are in other lines, and beside them a whole prefix would be a
/// whole number.
std::string shown_prefix(phone_number const& number) {
    constexpr std::size_t hidden = 6;
    auto const& digits = number.digits();
    return digits.substr(0, digits.size() - hidden) + "xx";
}

} // namespace

// --- for whoever listens -------------------------------------------------------------------------

occurrence service::occurrence_of(attempt const& send, occurrence_kind what) const {
    auto const& request = send.request;
    occurrence told;
    told.what = what;
    told.at = uses_.now.wall();
    told.verification_id = send.sealed;
    told.request_id = request.who.request_id;
    told.client = request.who.from->name;
    told.purpose = request.what.name();
    told.country = send.country;
    told.phone = request.to.masked();
    told.plan = send.plan;
    told.route_id = send.route_id;
    told.price = send.price;
    told.since_admitted = std::chrono::floor<std::chrono::milliseconds>(told.at - send.began_at);
    return told;
}

occurrence service::occurrence_of(attempt const& send,
                                  bridgexapi::send_outcome const& message) const {
    auto told = occurrence_of(send, occurrence_kind::not_sent);
    if (auto const* const accepted = std::get_if<bridgexapi::accepted>(&message)) {
        told.what = occurrence_kind::accepted;
        told.order_id = accepted->order_id.value_or("");
        told.bx_message_id = accepted->bx_message_id.value_or("");
        told.cost = accepted->cost;
    } else if (auto const* const unknown = std::get_if<bridgexapi::unknown>(&message)) {
        told.what = occurrence_kind::unknown;
        told.reason = bridgexapi::to_string(unknown->why);
        told.stale_connection = unknown->stale_connection;
    } else if (auto const* const rejected = std::get_if<bridgexapi::rejected>(&message)) {
        told.reason = bridgexapi::to_string(rejected->why);
    } else {
        told.reason = bridgexapi::to_string(std::get<bridgexapi::not_sent>(message).why);
    }
    // Why the route was chosen, with the figures that spoke for it.
    if (!send.notes.empty()) told.details = send.notes.back().details;
    return told;
}

void service::tell_left(attempt const& send, step_report const& step) const {
    if (!uses_.tell.wants(occurrence_kind::step_left)) return;
    auto told = occurrence_of(send, occurrence_kind::step_left);
    told.route_id = step.route_id;
    told.price = step.price;
    told.reason = step.why;
    told.attempted = step.outcome == step_report::result::rejected;
    uses_.tell.happened(told);
}

/// And the routes that were left before: only now there is a verification.
void service::tell_admitted(attempt const& send) const {
    if (uses_.tell.wants(occurrence_kind::admitted))
        uses_.tell.happened(occurrence_of(send, occurrence_kind::admitted));
    for (auto const& each : send.looked_at)
        tell_left(send, each);
}

// --- the log and the metrics ---------------------------------------------------------------------

void service::report(attempt const& send, outcome<sent> const& result) const {
    auto const word = metric_word(result);
    auto const& request = send.request;
    auto const phone = request.to.masked();
    std::string_view const why = !result && result.error().reason
                                     ? bridgexapi::to_string(*result.error().reason)
                                     : std::string_view();
    uses_.metrics.send(word, why, send.route_id);
    bool const blocked = !result && (result.error().code == errc::limit_exceeded ||
                                     result.error().code == errc::cooldown_active);
    if (blocked && uses_.tell.wants(occurrence_kind::blocked)) {
        auto told = occurrence_of(send, occurrence_kind::blocked);
        told.reason = names_of(result.error().violated);
        uses_.tell.happened(told);
    }
    if (!result || !result->replayed.empty()) {
        uses_.log.info("otp_not_sent",
                       {{"request_id", request.who.request_id},
                        {"verification_id", to_hex(send.at.id)},
                        {"client", request.who.from->name},
                        {"phone", phone},
                        {"purpose", request.what.name()},
                        {"route_plan", send.plan},
                        {"route_id", send.route_id},
                        {"routes", routes_of(send.looked_at)},
                        {"outcome", word},
                        {"reason", why},
                        {"limits", result ? std::string() : names_of(result.error().violated)}});
        return;
    }
    auto const& message = result->message;
    if (message.cost) uses_.metrics.spent(send.route_id, message.cost->micros());
    uses_.log.info("otp_sent", {{"request_id", request.who.request_id},
                                {"verification_id", to_hex(send.at.id)},
                                {"client", request.who.from->name},
                                {"phone", phone},
                                {"purpose", request.what.name()},
                                {"country", send.country},
                                {"route_plan", send.plan},
                                {"route_id", send.route_id},
                                {"routes", routes_of(send.looked_at)},
                                {"order_id", message.order_id.value_or("")},
                                {"bx_message_id", message.bx_message_id.value_or("")},
                                {"cost", message.cost.value_or(money()).units()},
                                {"test", send.test}});
}

/// Each limit that refused a send, or would have. A watch for pumped SMS has a line of its own.
void service::report_violations(std::vector<store::violation> const& violations, limit_mode mode,
                                attempt const& send) const {
    bool const observed = mode == limit_mode::observe;
    for (auto const& each : violations) {
        uses_.metrics.limit_violated(each.counter, observed);
        if (each.counter == pumping_prefix || each.counter == pumping_country) {
            bool const whole_country = each.counter == pumping_country;
            uses_.log.warn(
                "pumping_blocked",
                {{"request_id", send.request.who.request_id},
                 {"watch", each.counter},
                 {"country", send.country},
                 {"prefix", whole_country ? std::string() : shown_prefix(send.request.to)},
                 {"begins", each.tripped},
                 {"observed", observed},
                 {"retry_after_ms", each.retry_after.count()}});
        } else if (observed) {
            uses_.log.info("limit_observed", {{"request_id", send.request.who.request_id},
                                              {"client", send.request.who.from->name},
                                              {"limit", each.counter}});
        }
    }
}

} // namespace otpd::otp
