// service::send: prepare, choose a route, admit, transmit (routing.cpp), settle (settle.cpp).

#include "admission_undo.hpp"
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

namespace {

/// A store that does not answer is asked again no sooner than this; another send may end any moment.
constexpr std::chrono::seconds soon{1};
/// Beyond the send's own timeout: for the settlement.
constexpr std::chrono::seconds settle_time{5};

template <class List, class T>
bool holds(List const& list, T const& what) {
    return std::ranges::find(list, what) != list.end();
}

template <class List, class T>
bool holds_or_is_empty(List const& list, T const& what) {
    return list.empty() || holds(list, what);
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
    tell_admitted(current);
    auto const message = co_await transmit(current, until);
    // Before it is settled: the settlement holds what later calls with the same idempotency key are told.
    auto result = conclude(current, message);
    co_await settle(current, message, result);
    auto told = occurrence_of(current, message);
    uses_.tell.happened(told);
    follow(current, message, std::move(told));
    report(current, result);
    auto const& from = *current.request.who.from;
    if (result && from.is_tenant) co_await remember_owner(from, result->message.bx_message_id);
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
    store::verification_address at;
    at.number = uses_.keys.hash(from.name, request.to);
    uses_.random.fill(at.id);
    auto const tail = request.tail.value_or(from.tail);
    store::code_seed seed;
    if (test == nullptr) seed = uses_.keys.make_seed(rules_.code_length, uses_.random);
    auto const code = test != nullptr
                          ? test->code
                          : uses_.keys.code_of(seed, from.name, request.what, request.to).value();
    attempt send{.request = std::move(request),
                 .tail = tail,
                 .at = at,
                 .code = code,
                 .seed = seed,
                 .began = uses_.now.now(),
                 .began_at = uses_.now.wall(),
                 .country = {},
                 .test = test != nullptr,
                 .charges = {},
                 .watches = {},
                 .admission = {},
                 .plan = {},
                 .steps = {},
                 .looked_at = {},
                 .notes = {},
                 .step = {},
                 .price = {},
                 .expected = {},
                 .reservations = {},
                 .asked_at = {}};
    plan_routes(send);
    return send;
}

/// What is wrong with a send whatever was sent before. Fills in the country and what is to be counted.
std::optional<errc> service::fault_of(attempt& send) const {
    auto const& request = send.request;
    auto const& from = *request.who.from;
    if (!holds_or_is_empty(from.purposes, request.what.name())) return errc::purpose_not_allowed;
    if (send.steps.empty()) return errc::route_plan_unknown;
    bool const enabled =
        std::ranges::find(rules_.allowed_routes, send.route_id) != rules_.allowed_routes.end();
    // Of a plan, routes that are not allowed are left out one by one.
    if (send.plan.empty() && (!enabled || !holds_or_is_empty(from.routes, send.route_id)))
        return errc::route_not_allowed;
    if (!texts_.fits(request.what, request.locale, rules_.code_length, send.tail))
        return errc::message_too_long;
    auto const fault = send.test ? std::nullopt : fault_of_destination(send);
    if (fault) return fault;
    limiter::subjects const of{request.who, request.to, send.country, send.test};
    send.charges = limiter_->charges(limit_step::send, of);
    if (!send.test) send.watches = limiter_->watches(of);
    return std::nullopt;
}

std::optional<errc> service::fault_of_destination(attempt& send) const {
    auto const& to = send.request.to;
    auto const& rules = rules_.destinations;
    auto const is_in = [&](std::vector<destination> const& list) {
        return std::ranges::any_of(
            list, [&](destination const& each) { return each.covers(to, send.country); });
    };
    bool const allowed = is_in(rules.allowed); // by its digits alone
    if (rules.checked) {
        auto const where = uses_.plan.find(to);
        if (!where && !allowed)
            return uses_.plan.is_other_spelling(to) ? errc::number_other_spelling
                                                    : errc::number_invalid;
        send.country = where ? where->country : uses_.plan.country_of(to);
        if (!allowed && !holds(rules.line_types, where->type)) return errc::destination_not_allowed;
    }
    if (is_in(rules.denied) || (!allowed && !holds_or_is_empty(rules.countries, send.country)) ||
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
    request.code = send.seed;
    request.ttl = rules_.ttl;
    request.keep = rules_.keep;
    request.lease = rules_.send_timeout + settle_time;
    request.add = std::ranges::find(several, send.request.what.name()) != several.end();
    if (!send.test) request.cooldown = rules_.cooldown;
    request.charges = send.charges;
    request.reservations = send.reservations;
    request.watches = send.watches;
    request.guesses = rules_.guesses;
    request.once = once_of(send.request);
    return request;
}

std::optional<store::idempotency_key> service::once_of(send_request const& request) const {
    auto const& once = request.once;
    if (!once) return std::nullopt;
    auto const key = uses_.keys.subject({"once", request.who.from->name, once->key});
    // Keyed: of a plain hash of a request, its number could be guessed.
    std::string_view const asked(reinterpret_cast<char const*>(once->fingerprint.data()),
                                 once->fingerprint.size());
    auto const fingerprint = uses_.keys.subject({"request", asked});
    return store::idempotency_key{key, fingerprint, rules_.idempotency_keep};
}

/// As long as it is the route's own budget alone that stands against a send, it goes on to the next one: an
/// admission that was refused has changed nothing.
asio::awaitable<std::optional<outcome<sent>>> service::admit(attempt& send) {
    std::optional<failure> refused_before;
    for (;;) {
        bool chosen = send.test;
        if (!chosen) chosen = co_await choose_route(send);
        if (!chosen) co_return co_await refuse_all_routes(send, refused_before);
        auto const request = admission_of(send);
        auto const answer = co_await uses_.store.admit(request);
        if (!answer) {
            if (answer.error() == store::fault::unknown) co_await undo(send, request);
            co_return failure{errc::store_unavailable, soon};
        }
        auto const* const no = std::get_if<store::refused>(&*answer);
        if (no == nullptr || !only_this_route_is_too_dear(*no)) co_return decide(send, *answer);
        report_violations(no->violations, limit_mode::enforce, send);
        refused_before = refusal(send, *no);
        leave_route(send, {send.route_id, step_report::result::skipped, "budget", send.price});
    }
}

/// Its caller is told at once that the store is unavailable, and may ask again with the same key.
asio::awaitable<void> service::undo(attempt const& send, store::admission const& perhaps_made) {
    store::settlement request;
    request.key = perhaps_made.key;
    request.id = perhaps_made.id;
    request.result = store::send_result::refused;
    request.is_undo = true;
    request.once = perhaps_made.once;
    for (auto const& each : perhaps_made.charges)
        if (!each.observed) request.give_back.push_back(each);
    for (auto const& each : perhaps_made.watches)
        request.watched.push_back(each.subject);
    for (auto const& each : perhaps_made.reservations)
        if (!each.observed) request.adjustments.push_back({each.from, -each.amount});
    auto report = [&log = uses_.log, request_id = send.request.who.request_id,
                   id = send.at.id](std::exception_ptr thrown, bool is_gone) {
        if (thrown || !is_gone)
            log.error("admission_not_undone",
                      {{"request_id", request_id}, {"verification_id", to_hex(id)}});
    };
    auto const here = co_await asio::this_coro::executor;
    asio::co_spawn(here, undo_->run(std::move(request)), std::move(report));
}

/// A send that was done is repeated by its idempotency key whatever became of the routes since: the store is
/// asked with a reservation that it must refuse, after it has looked at the key.
asio::awaitable<outcome<sent>> service::refuse_all_routes(attempt& send,
                                                          std::optional<failure> because) {
    auto why = because.value_or(failure{errc::no_route});
    why.steps = send.looked_at;
    if (!send.request.once || because) co_return why;
    auto request = admission_of(send);
    request.charges.clear();
    request.watches.clear();
    request.cooldown = {};
    request.reservations = {{spending_.total(uses_.now.wall()), 1, 0, std::chrono::seconds(1)}};
    auto const answer = co_await uses_.store.admit(std::move(request));
    if (!answer) co_return failure{errc::store_unavailable, soon};
    if (std::holds_alternative<store::refused>(*answer)) co_return why;
    auto said = decide(send, *answer);
    co_return said ? *std::move(said) : outcome<sent>(why);
}

bool service::only_this_route_is_too_dear(store::refused const& answer) const {
    return std::ranges::all_of(answer.violations, [&](store::violation const& each) {
        auto const found = std::ranges::find(rules_.budgets, each.counter, &spending_budget::name);
        return found != rules_.budgets.end() && found->key == budget_key::route;
    });
}

std::optional<outcome<sent>> service::decide(attempt& send, store::admit_outcome const& answer) {
    struct {
        service& self;
        attempt& send;
        using decision = std::optional<outcome<sent>>;

        decision operator()(store::admitted const& yes) const {
            self.report_violations(yes.observed, limit_mode::observe, send);
            send.admission = yes;
            send.is_admitted = true;
            send.sealed = self.uses_.keys.seal(send.at);
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
    } const decision_on{*this, send};
    return std::visit(decision_on, answer);
}

failure service::refusal(attempt const& send, store::refused const& answer) const {
    auto const now = uses_.now.wall();
    auto violations = answer.violations;
    for (auto& each : violations) {
        // A store remembers a budget for longer than its period.
        auto const of = std::ranges::find(rules_.budgets, each.counter, &spending_budget::name);
        if (of != rules_.budgets.end())
            each.retry_after = std::chrono::ceil<store::duration>(end_of(of->period, now) - now);
    }
    failure why{errc::cooldown_active};
    store::duration longest{};
    for (auto const& broken : violations) {
        if (broken.counter != store::cooldown_counter) why.code = errc::limit_exceeded;
        longest = std::max(longest, broken.retry_after);
    }
    why.retry_after = whole_seconds(longest);
    why.violated = limiter_->violated(send.charges, violations);
    why.steps = send.looked_at;
    return why;
}

} // namespace otpd::otp
