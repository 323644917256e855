// Which route a send takes: the steps of its plan, and from one to the next only when nothing was sent.

#include "attempt.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace otpd::otp {

namespace asio = boost::asio;
using bridgexapi::reason;

namespace {

constexpr std::string_view other_country = "country";
constexpr std::string_view too_dear = "price";
constexpr std::string_view not_allowed = "route_not_allowed";
constexpr std::string_view over_budget = "budget";

route_plan const* find_plan(policy const& rules, std::string_view name) {
    auto const found = std::ranges::find(rules.plans, name, &route_plan::name);
    return found == rules.plans.end() ? nullptr : &*found;
}

/// The plan of a request that names neither plan nor route.
route_plan const* usual_plan(policy const& rules, client const& from, purpose const& what) {
    if (!from.default_plan.empty()) return find_plan(rules, from.default_plan);
    auto const found = std::ranges::find_if(rules.plans, [&](route_plan const& each) {
        return std::ranges::find(each.purposes, what.name()) != each.purposes.end();
    });
    return found == rules.plans.end() ? nullptr : &*found;
}

std::string three_decimals(double value) {
    std::array<char, 32> text{};
    auto const length = std::snprintf(text.data(), text.size(), "%.3f", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

/// What stood for a route when it was chosen.
std::string figures_of(best_rule const& rule, route_score const& best) {
    details_writer why;
    why.add("best", rule.order == best_rule::by::cheapest ? "cheapest" : "fastest");
    why.add("samples", static_cast<std::int64_t>(best.accepted));
    if (best.verified_share) why.add("verified_share", three_decimals(best.verified_share->value));
    if (best.cost_per_verified) why.add("cost_per_verified", best.cost_per_verified->value);
    if (best.delivery_seconds_median)
        why.add("delivery_seconds", three_decimals(best.delivery_seconds_median->value));
    return why.text();
}

bool qualifies(best_rule const& rule, route_score const& score) {
    return std::ranges::find(rule.routes, score.route_id) != rule.routes.end() &&
           score.accepted >= rule.min_samples && score.verified_share &&
           score.verified_share->value >= rule.min_verified_share;
}

/// Figures that are missing are the worst there can be.
bool better(best_rule const& rule, route_score const& a, route_score const& b) {
    if (rule.order == best_rule::by::cheapest) {
        if (!a.cost_per_verified || !b.cost_per_verified) return a.cost_per_verified.has_value();
        return a.cost_per_verified->value < b.cost_per_verified->value;
    }
    if (!a.delivery_seconds_median || !b.delivery_seconds_median)
        return a.delivery_seconds_median.has_value();
    return a.delivery_seconds_median->value < b.delivery_seconds_median->value;
}

std::string details_of(step_report const& step) {
    details_writer text;
    text.add("route_id", step.route_id).add("outcome", to_string(step.outcome));
    text.add("reason", step.why);
    if (step.price) text.add("price", *step.price);
    return text.text();
}

} // namespace

std::string_view to_string(step_report::result what) noexcept {
    using enum step_report::result;
    switch (what) {
    case skipped:
        return "skipped";
    case rejected:
        return "rejected";
    case not_sent:
        return "not_sent";
    case unknown:
        return "unknown";
    case accepted:
        break;
    }
    return "accepted";
}

// --- the steps -----------------------------------------------------------------------------------

/// Leaves the steps empty when there is no plan of the name that was asked for.
void service::plan_routes(attempt& send) const {
    auto const& request = send.request;
    auto const& from = *request.who.from;
    route_plan const* plan = nullptr;
    if (request.plan)
        plan = find_plan(rules_, *request.plan);
    else if (!request.route_id)
        plan = usual_plan(rules_, from, request.what);
    if (plan != nullptr) {
        send.plan = plan->name;
        send.steps = plan->steps;
    } else if (!request.plan) {
        int const usual =
            from.default_route_id != 0 ? from.default_route_id : rules_.default_route_id;
        route_step only;
        only.route_id = request.route_id.value_or(usual);
        send.steps.push_back(std::move(only));
    }
    if (send.steps.empty()) return;
    auto const& first = send.steps.front();
    send.route_id = first.best ? first.best->routes.front() : first.route_id;
}

asio::awaitable<service::route_choice> service::choice_of(route_step const& step,
                                                          attempt const& send) {
    auto const& rule = *step.best;
    score_query question;
    question.country = send.country;
    question.window = rule.window;
    auto const scores = co_await uses_.figures.scores(std::move(question));
    route_score const* best = nullptr;
    for (auto const& each : scores)
        if (each.country == send.country && qualifies(rule, each) &&
            (best == nullptr || better(rule, each, *best)))
            best = &each;
    route_choice choice;
    choice.route_id = best != nullptr ? best->route_id : rule.routes.front();
    choice.why = best != nullptr ? figures_of(rule, *best)
                                 : details_writer().add("best", "too_few_samples").text();
    co_return choice;
}

/// Empty: it may be taken.
std::string_view service::why_not(route_step const& step, attempt const& send, int route_id,
                                  std::optional<money> price) const {
    auto const& from = *send.request.who.from;
    auto const holds = [](auto const& list, auto const& what) {
        return list.empty() || std::ranges::find(list, what) != list.end();
    };
    if (!holds(rules_.allowed_routes, route_id) || !holds(from.routes, route_id))
        return not_allowed;
    if (!holds(step.countries, send.country)) return other_country;
    auto const expected = price.value_or(rules_.assumed_price);
    for (auto const& most : {send.request.max_price, from.max_price, step.max_price})
        if (most && expected > *most) return too_dear;
    return {};
}

asio::awaitable<bool> service::choose_route(attempt& send) {
    while (send.next < send.steps.size()) {
        auto step = send.steps[send.next++];
        route_choice choice{step.route_id, {}};
        if (step.best) choice = co_await choice_of(step, send);
        auto const price = uses_.price_list.price_of(choice.route_id, send.request.to);
        if (auto const why = why_not(step, send, choice.route_id, price); !why.empty()) {
            leave_route(send, {choice.route_id, step_report::result::skipped, why, price});
            continue;
        }
        send.step = std::move(step);
        send.route_id = choice.route_id;
        send.price = price;
        send.expected = price.value_or(rules_.assumed_price);
        reserve(send);
        if (!send.plan.empty()) {
            details_writer chosen;
            chosen.add("route_id", send.route_id).add("outcome", "chosen");
            if (price) chosen.add("price", *price);
            send.notes.push_back(
                {uses_.now.now(), chosen.text() + (choice.why.empty() ? "" : ",") + choice.why});
        }
        co_return true;
    }
    co_return false;
}

void service::reserve(attempt& send) const {
    auto const& request = send.request;
    send.reservations = spending_.reservations({request.who.from->name, request.what.name(),
                                                send.country, send.route_id, send.expected,
                                                uses_.now.wall(), request.who.from->is_tenant});
}

void service::leave_route(attempt& send, step_report what) {
    send.notes.push_back({uses_.now.now(), details_of(what)});
    if (!send.plan.empty()) uses_.metrics.step_left(to_string(what.outcome), what.route_id);
    if (send.is_admitted) tell_left(send, what);
    send.looked_at.push_back(what);
}

store::rebooking service::rebooking_of(attempt const& send,
                                       std::vector<store::reservation> const& before) const {
    store::rebooking request;
    request.of = send.at;
    request.notes = notes_of(send);
    for (auto const& each : before)
        request.give_back.push_back({each.from, -each.amount});
    request.take = send.reservations;
    return request;
}

/// What the timeline does not have yet.
std::vector<store::note> service::notes_of(attempt const& send) const {
    std::vector<store::note> list;
    auto const now = uses_.now.now();
    for (auto i = send.notes_kept; i < send.notes.size(); ++i)
        list.push_back({store::event_kind::step,
                        std::chrono::floor<store::duration>(now - send.notes[i].at),
                        send.notes[i].details});
    return list;
}

/// The money of the route before is given back in the same step in which that of the next is taken.
/// Without a next one the send stays that of the route which was asked last: what is told and
/// counted is what became of it there.
asio::awaitable<bool> service::go_on(attempt& send) {
    auto const before = send.reservations;
    auto const route_id = send.route_id;
    auto const price = send.price;
    while (co_await choose_route(send)) {
        auto const kept_then = send.notes.size();
        auto request = rebooking_of(send, before);
        auto const answer = co_await uses_.store.rebook(std::move(request));
        if (answer && std::holds_alternative<store::rebooked>(*answer)) {
            send.notes_kept = kept_then;
            co_return true;
        }
        leave_route(send, {send.route_id, step_report::result::skipped, over_budget, send.price});
        // Nothing more is spent that cannot be counted.
        if (!answer) send.perhaps_rebooked = send.reservations;
        if (!answer || std::holds_alternative<store::too_late>(*answer)) break;
    }
    send.reservations = before;
    send.route_id = route_id;
    send.price = price;
    co_return false;
}

// --- the upstream --------------------------------------------------------------------------------

asio::awaitable<bridgexapi::send_outcome> service::transmit(attempt& send, deadline until) {
    if (send.test) co_return bridgexapi::accepted{};
    auto const limit = until.within(rules_.send_timeout);
    for (;;) {
        auto message = co_await transmit_once(send, limit);
        step_report report{send.route_id, step_report::result::accepted, {}, send.price};
        if (auto const* const no = std::get_if<bridgexapi::rejected>(&message)) {
            report.outcome = step_report::result::rejected;
            report.why = bridgexapi::to_string(no->why);
        } else if (auto const* const never = std::get_if<bridgexapi::not_sent>(&message)) {
            report.outcome = step_report::result::not_sent;
            report.why = bridgexapi::to_string(never->why);
        } else {
            // Accepted or unknown: whatever comes now, no other route is tried.
            if (auto const* const perhaps = std::get_if<bridgexapi::unknown>(&message)) {
                report.outcome = step_report::result::unknown;
                report.why = bridgexapi::to_string(perhaps->why);
            }
            send.looked_at.push_back(report);
            co_return message;
        }
        leave_route(send, report);
        if (limit.expired()) co_return message;
        bool const more = co_await go_on(send);
        if (!more) co_return message;
    }
}

asio::awaitable<bridgexapi::send_outcome> service::transmit_once(attempt& send, deadline until) {
    auto const& from = *send.request.who.from;
    auto caller_id = send.step.caller_id;
    if (caller_id.empty()) caller_id = from.caller_id;
    if (caller_id.empty()) caller_id = rules_.caller_id;
    bridgexapi::sms message{
        send.route_id, std::move(caller_id), send.request.to,
        texts_.compose(send.request.what, send.request.locale, send.code, send.tail)};
    auto const limit = send.step.timeout > std::chrono::milliseconds::zero()
                           ? until.within(send.step.timeout)
                           : until;
    send.asked_at = uses_.now.wall();
    try {
        co_return co_await uses_.gateway.send_sms(std::move(message), limit);
    } catch (std::exception const& bug) {
        uses_.log.error("upstream_client_failed",
                        {{"request_id", send.request.who.request_id}, {"what", bug.what()}});
    }
    co_return bridgexapi::unknown{reason::protocol_error}; // whether bytes left, nobody knows now
}

} // namespace otpd::otp
