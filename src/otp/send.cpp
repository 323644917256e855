// service::send: prepare, admit, transmit, settle.

#include "attempt.hpp"
#include "limiter.hpp"
#include "otpd/core/encoding.hpp"
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

/// A store that does not answer is asked again no sooner than this; another send may end any moment.
constexpr std::chrono::seconds soon{1};
/// Beyond the send's own timeout: for the settlement.
constexpr std::chrono::seconds settle_time{5};

template <class List, class T>
bool holds_or_is_empty(List const& list, T const& what) {
    return list.empty() || std::ranges::find(list, what) != list.end();
}

} // namespace

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
    attempt current = prepare(std::move(request));
    if (auto const fault = fault_of(current)) {
        outcome<sent> const result = failure{*fault};
        report(current, result);
        co_return result;
    }
    auto answered = co_await admit(current);
    if (answered) {
        report(current, *answered);
        co_return *std::move(answered);
    }
    auto const message = co_await transmit(current, until);
    // Before it is settled: the settlement holds what later calls with the same idempotency key are told.
    auto result = conclude(current, message);
    co_await settle(current, message, result);
    report(current, result);
    co_return result;
}

// --- before the store ----------------------------------------------------------------------------

test_number const* service::find_test_number(phone_number const& number) const {
    auto const today = std::chrono::floor<std::chrono::days>(uses_.now.wall());
    auto const found = std::ranges::find_if(rules_.test_numbers, [&](test_number const& each) {
        return each.number == number && today <= each.until;
    });
    return found == rules_.test_numbers.end() ? nullptr : &*found;
}

service::attempt service::prepare(send_request request) {
    auto const& from = *request.who.from;
    auto const* const test = find_test_number(request.to);
    int const usual_route =
        from.default_route_id != 0 ? from.default_route_id : rules_.default_route_id;
    store::verification_address at;
    at.number = uses_.keys.hash(request.to);
    uses_.random.fill(at.id);
    int const route_id = request.route_id.value_or(usual_route);
    auto const tail = request.tail.value_or(from.tail);
    auto const code =
        test != nullptr ? test->code : passcode::generate(rules_.code_length, uses_.random);
    return attempt{.request = std::move(request),
                   .route_id = route_id,
                   .tail = tail,
                   .at = at,
                   .code = code,
                   .began = uses_.now.now(),
                   .country = {},
                   .test = test != nullptr,
                   .charges = {},
                   .watches = {},
                   .admission = {}};
}

/// What is wrong with a send whatever was sent before. Fills in the country and what is to be counted.
std::optional<errc> service::fault_of(attempt& send) const {
    auto const& request = send.request;
    auto const& from = *request.who.from;
    if (!holds_or_is_empty(from.purposes, request.what.name())) return errc::purpose_not_allowed;
    bool const enabled =
        std::ranges::find(rules_.allowed_routes, send.route_id) != rules_.allowed_routes.end();
    if (!enabled || !holds_or_is_empty(from.routes, send.route_id)) return errc::route_not_allowed;
    if (texts_.length(request.what, request.locale, rules_.code_length, send.tail) >
        bridgexapi::max_message_length)
        return errc::message_too_long;
    if (send.test) return std::nullopt;
    if (auto const fault = fault_of_destination(send)) return fault;
    limiter::subjects const of{request.who, request.to, send.country};
    send.charges = limiter_->charges(limit_step::send, of);
    send.watches = limiter_->watches(of);
    return std::nullopt;
}

std::optional<errc> service::fault_of_destination(attempt& send) const {
    auto const& to = send.request.to;
    auto const& rules = rules_.destinations;
    if (rules.checked) {
        auto const where = uses_.plan.find(to);
        if (!where) return errc::number_invalid;
        send.country = where->country;
        if (std::ranges::find(rules.line_types, where->type) == rules.line_types.end())
            return errc::destination_not_allowed;
    }
    bool const denied = std::ranges::any_of(
        rules.denied, [&](destination const& each) { return each.covers(to, send.country); });
    if (denied || !holds_or_is_empty(rules.countries, send.country) ||
        !holds_or_is_empty(send.request.who.from->countries, send.country))
        return errc::destination_not_allowed;
    return std::nullopt;
}

// --- the store before the upstream ---------------------------------------------------------------

store::admission service::admission_of(attempt const& send) const {
    auto const& several = rules_.purposes_with_several_codes;
    store::admission request;
    request.key = send.key();
    request.id = send.at.id;
    request.code = uses_.keys.sign(send.request.to, send.request.what, send.code);
    request.ttl = rules_.ttl;
    request.keep = rules_.keep;
    request.lease = rules_.send_timeout + settle_time;
    request.add = std::ranges::find(several, send.request.what.name()) != several.end();
    if (!send.test) request.cooldown = rules_.cooldown;
    request.charges = send.charges;
    request.watches = send.watches;
    request.guesses = rules_.guesses;
    request.once = once_of(send.request);
    return request;
}

std::optional<store::idempotency_key> service::once_of(send_request const& request) const {
    auto const& once = request.once;
    if (!once) return std::nullopt;
    auto const key = uses_.keys.subject({"once", request.who.from->name, once->key});
    return store::idempotency_key{key, once->fingerprint, rules_.idempotency_keep};
}

asio::awaitable<std::optional<outcome<sent>>> service::admit(attempt& send) {
    auto request = admission_of(send);
    auto const answer = co_await uses_.store.admit(std::move(request));
    if (!answer) co_return failure{errc::store_unavailable, soon};
    struct {
        service& self;
        attempt& send;
        using decision = std::optional<outcome<sent>>;

        decision operator()(store::admitted const& yes) const {
            self.report_violations(yes.observed, limit_mode::observe, send);
            send.admission = yes;
            return std::nullopt;
        }
        decision operator()(store::refused const& no) const {
            self.report_violations(no.observed, limit_mode::observe, send);
            self.report_violations(no.violations, limit_mode::enforce, send);
            return self.refusal(send, no);
        }
        decision operator()(store::in_flight const&) const {
            return failure{errc::send_in_progress, soon};
        }
        decision operator()(store::replayed const& before) const {
            if (before.reply.empty()) return failure{errc::delivery_unknown};
            sent again;
            again.replayed = before.reply;
            return again;
        }
        decision operator()(store::unsettled) const { return failure{errc::delivery_unknown}; }
        decision operator()(store::conflicting) const {
            return failure{errc::idempotency_key_reused};
        }
        decision operator()(store::full) const {
            self.uses_.metrics.store_full();
            return failure{errc::capacity_exhausted, self.rules_.rejected_backoff};
        }
    } const decide{*this, send};
    co_return std::visit(decide, *answer);
}

failure service::refusal(attempt const& send, store::refused const& answer) const {
    failure why{errc::cooldown_active};
    store::duration longest{};
    for (auto const& broken : answer.violations) {
        if (broken.counter != store::cooldown_counter) why.code = errc::limit_exceeded;
        longest = std::max(longest, broken.retry_after);
    }
    why.retry_after = whole_seconds(longest);
    if (why.code == errc::limit_exceeded)
        why.violated = limiter::violated(send.charges, answer.violations);
    return why;
}

// --- the upstream, and the store after it --------------------------------------------------------

asio::awaitable<bridgexapi::send_outcome> service::transmit(attempt const& send, deadline until) {
    if (send.test) co_return bridgexapi::accepted{};
    auto const& from = *send.request.who.from;
    bridgexapi::sms message{
        send.route_id, from.caller_id.empty() ? rules_.caller_id : from.caller_id, send.request.to,
        texts_.compose(send.request.what, send.request.locale, send.code, send.tail)};
    try {
        co_return co_await uses_.gateway.send_sms(std::move(message),
                                                  until.within(rules_.send_timeout));
    } catch (std::exception const& bug) {
        uses_.log.error("upstream_client_failed",
                        {{"request_id", send.request.who.request_id}, {"what", bug.what()}});
    }
    co_return bridgexapi::unknown{reason::protocol_error}; // whether bytes left, nobody knows now
}

outcome<sent> service::conclude(attempt const& send,
                                bridgexapi::send_outcome const& message) const {
    if (auto const* const accepted = std::get_if<bridgexapi::accepted>(&message)) {
        auto const spent = uses_.now.now() - send.began;
        sent result;
        result.id = uses_.keys.seal(send.at);
        result.route_id = send.route_id;
        result.expires_in = seconds_left(rules_.ttl, spent);
        result.cooldown =
            seconds_left(std::chrono::ceil<std::chrono::seconds>(send.admission.cooldown), spent);
        if (rules_.reveal_codes) result.debug_code = send.code;
        result.test = send.test;
        result.message = *accepted;
        result.limits = limiter::standings(send.charges, send.admission);
        return result;
    }
    if (auto const* const rejected = std::get_if<bridgexapi::rejected>(&message)) {
        failure why{errc::upstream_rejected};
        why.reason = rejected->why;
        if (back_off() > std::chrono::seconds::zero()) why.retry_after = back_off();
        return why;
    }
    if (auto const* const not_sent = std::get_if<bridgexapi::not_sent>(&message)) {
        failure why{errc::upstream_unavailable,
                    std::max(back_off(), not_sent->retry_after.value_or(soon))};
        why.reason = not_sent->why;
        return why;
    }
    failure why{errc::delivery_unknown};
    why.reason = std::get<bridgexapi::unknown>(message).why;
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
        request.result = store::send_result::accepted;
        if (!send.test)
            request.accepted = store::receipt{send.route_id, accepted->order_id.value_or(""),
                                              accepted->bx_message_id.value_or(""), accepted->cost};
        if (request.once) request.reply = send.request.once->write(*result);
    } else if (std::holds_alternative<bridgexapi::unknown>(message)) {
        request.result = store::send_result::unknown;
    } else {
        request.result = store::send_result::refused;
        for (std::size_t i = 0; i < send.charges.size(); ++i)
            if (send.admission.busy_for.at(i) > store::counter_time::zero())
                request.give_back.push_back(send.charges[i]);
        for (auto const& each : send.watches)
            request.watched.push_back(each.subject);
        request.cooled_down = send.admission.cooldown > store::duration::zero();
        request.back_off = back_off();
    }
    return request;
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

/// What keeps a number from trying again at once when nothing was sent: nothing without a cooldown.
std::chrono::seconds service::back_off() const {
    return std::min(rules_.rejected_backoff,
                    std::chrono::floor<std::chrono::seconds>(rules_.cooldown.base));
}

} // namespace otpd::otp
