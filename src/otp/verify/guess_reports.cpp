#include "verify/guess_reports.hpp"

#include "limits/limiter.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/otp/timeline.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <utility>
#include <variant>

namespace otpd::otp {

namespace {

/// The route plan in the details of an admission; empty if there was none.
std::string plan_of(std::string_view admission) {
    for (auto& [name, value] : read_details(admission))
        if (auto* const text = std::get_if<std::string>(&value); text && name == "route_plan")
            return std::move(*text);
    return {};
}

/// Of a guess that was not evaluated.
errc code_of(store::check_outcome const& answer) noexcept {
    if (std::holds_alternative<store::refused>(answer)) return errc::limit_exceeded;
    return std::holds_alternative<store::absent>(answer) ? errc::no_active_otp
                                                         : errc::attempts_exceeded;
}

event_type type_of(store::check_outcome const& answer) noexcept {
    if (std::holds_alternative<store::verified>(answer)) return event_type::verified;
    return std::holds_alternative<store::wrong>(answer) ? event_type::wrong : event_type::refused;
}

bool is_last(store::check_outcome const& answer) noexcept {
    auto const* const wrong = std::get_if<store::wrong>(&answer);
    return wrong != nullptr && wrong->is_last;
}

/// Nothing if the store does not say.
std::optional<bool> knows_device(store::check_outcome const& answer) {
    if (auto const* const right = std::get_if<store::verified>(&answer)) return right->is_known;
    if (auto const* const wrong = std::get_if<store::wrong>(&answer)) return wrong->is_known;
    if (auto const* const no = std::get_if<store::refused>(&answer)) return no->is_known;
    return std::nullopt;
}

} // namespace

void guess_reports::answered(checked_guess& guess, std::string_view word,
                             store::result<store::check_outcome> const& answer) const {
    if (answer) {
        if (auto const* const no = std::get_if<store::refused>(&*answer))
            for (auto const& violation : no->violations)
                metrics_.limit_violated(violation.counter, false);
        publish(guess, *answer);
    }
    metrics_.check(word);
    if (log_.enabled(telemetry::level::info))
        log(guess, word, answer ? std::get_if<store::verified>(&*answer) : nullptr);
}

void guess_reports::publish(checked_guess& guess, store::check_outcome const& answer) const {
    auto const* const right = std::get_if<store::verified>(&answer);
    if (right != nullptr && !right->id) return; // no verification is verified
    bool const last = is_last(answer);
    if (!observers_.wants(type_of(answer)) && !(last && observers_.wants(event_type::exhausted)))
        return;
    auto event = event_of(guess, answer);
    if (right != nullptr) event_outbox::hand_over(guess.outbox, event);
    observers_.on_event(event);
    if (!last) return;
    event.type = event_type::exhausted;
    event_outbox::hand_over(guess.outbox, event);
    observers_.on_event(event);
}

std::optional<verification_event>
guess_reports::event_of_end(checked_guess const& guess, store::check_outcome const& answer) const {
    auto const* const right = std::get_if<store::verified>(&answer);
    if (!is_last(answer) && (right == nullptr || !right->id)) return std::nullopt;
    auto event = event_of(guess, answer);
    if (right == nullptr) event.type = event_type::exhausted;
    return event;
}

verification_event guess_reports::event_of(checked_guess const& guess,
                                           store::check_outcome const& answer) const {
    auto const* const right = std::get_if<store::verified>(&answer);
    auto const* const wrong = std::get_if<store::wrong>(&answer);
    auto const& request = guess.request;
    verification_event event;
    event.type = type_of(answer);
    if (right != nullptr || wrong != nullptr) {
        event.at = right != nullptr ? right->at : wrong->at;
        event.verification_id =
            keys_.seal({guess.number, right != nullptr ? *right->id : wrong->id});
        event.reference = right != nullptr ? right->reference : wrong->reference;
    } else {
        event.at = now_.wall();
        event.verification_id = request.id.value_or("");
        event.error = problem_code(code_of(answer));
        if (auto const* const no = std::get_if<store::refused>(&answer))
            event.limits = limiter::names_of(no->violations);
    }
    event.is_guess = true;
    event.with_id = request.id.has_value();
    event.who = guess.who;
    if (auto const is_known = knows_device(answer); is_known && request.caller.device)
        event.device = *is_known ? "known" : "new";
    event.request_id = request.caller.request_id;
    event.trace = request.caller.trace;
    event.client = request.caller.client->name;
    event.purpose = request.purpose.name();
    event.country = guess.country;
    event.phone = request.number.masked();
    if (right != nullptr) {
        event.since_admitted = right->age;
        event.plan = plan_of(right->admission);
        auto const sent = right->sent.value_or(store::receipt{});
        event.route_id = sent.route_id;
        event.order_id = sent.order_id;
        event.bx_message_id = sent.bx_message_id;
        event.cost = sent.cost;
    }
    return event;
}

void guess_reports::log(checked_guess const& guess, std::string_view word,
                        store::verified const* right) const {
    auto const& request = guess.request;
    auto const phone = request.number.masked();
    if (right == nullptr) {
        log_.info("otp_not_verified", {{"request_id", request.caller.request_id},
                                       {"trace_id", request.caller.trace},
                                       {"client", request.caller.client->name},
                                       {"phone", phone},
                                       {"purpose", request.purpose.name()},
                                       {"with_id", request.id.has_value()},
                                       {"outcome", word}});
        return;
    }
    // The verified message's route and price, together with the proof that it arrived.
    auto const sent = right->sent.value_or(store::receipt{});
    log_.info("otp_verified", {{"request_id", request.caller.request_id},
                               {"trace_id", request.caller.trace},
                               {"verification_id", right->id ? to_hex(*right->id) : std::string()},
                               {"client", request.caller.client->name},
                               {"phone", phone},
                               {"purpose", request.purpose.name()},
                               {"with_id", request.id.has_value()},
                               {"route_id", sent.route_id},
                               {"bx_message_id", sent.bx_message_id},
                               {"cost", sent.cost.value_or(money()).units()}});
}

} // namespace otpd::otp
