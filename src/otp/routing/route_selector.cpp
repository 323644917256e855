#include "routing/route_selector.hpp"

#include "otpd/otp/timeline.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

constexpr std::string_view other_country = "country";
constexpr std::string_view too_dear = "price";
constexpr std::string_view not_allowed = "route_not_allowed";
constexpr std::string_view tried_before = "tried_before";

route_plan const* find_plan(policy const& rules, std::string_view name) {
    auto const found = std::ranges::find(rules.plans, name, &route_plan::name);
    return found == rules.plans.end() ? nullptr : &*found;
}

/// FNV-1a of its name and its routes, so that a plan that was changed is another one. All instances
/// compute the same.
std::uint16_t fingerprint_of(route_plan const& plan) {
    std::uint32_t hash = 2'166'136'261;
    auto const add = [&hash](char byte) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619U;
    };
    std::ranges::for_each(plan.name, add);
    for (auto const& step : plan.steps) {
        add(static_cast<char>(step.route_id));
        if (!step.best) continue;
        for (int const route : step.best->routes)
            add(static_cast<char>(route));
    }
    return static_cast<std::uint16_t>(hash ^ hash >> 16U);
}

std::string three_decimals(double value) {
    std::array<char, 32> text{};
    auto const length = std::snprintf(text.data(), text.size(), "%.3f", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

/// Describes the scores by which a route was chosen.
std::string stats_of(best_rule const& rule, route_score const& best) {
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

/// A missing statistic is worse than any value.
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

std::string_view to_string(step_report::result result) noexcept {
    using enum step_report::result;
    switch (result) {
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

route_walk route_selector::plan(send_request const& request, std::string const& usual_plan) const {
    auto const& from = *request.caller.client;
    route_plan const* plan = nullptr;
    if (request.plan)
        plan = find_plan(rules_, *request.plan);
    else if (!request.route_id)
        plan = find_plan(rules_, usual_plan);
    route_walk walk;
    if (plan != nullptr) {
        walk.plan = plan->name;
        walk.steps = plan->steps;
        walk.fingerprint = fingerprint_of(*plan);
    } else if (!request.plan) {
        int const usual =
            from.default_route_id != 0 ? from.default_route_id : rules_.default_route_id;
        walk.steps.emplace_back().route_id = request.route_id.value_or(usual);
    }
    if (walk.steps.empty()) return walk;
    auto const& first = walk.steps.front();
    walk.taken.route_id = first.best ? first.best->routes.front() : first.route_id;
    return walk;
}

asio::awaitable<route_selector::choice> route_selector::choose(route_step const& step,
                                                               std::string const& country) const {
    if (!step.best) co_return choice{step.route_id, {}};
    auto const& rule = *step.best;
    score_query question;
    question.country = country;
    question.window = rule.window;
    auto const scores = co_await scores_.scores(std::move(question));
    route_score const* best = nullptr;
    for (auto const& each : scores)
        if (each.country == country && qualifies(rule, each) &&
            (best == nullptr || better(rule, each, *best)))
            best = &each;
    if (best != nullptr) co_return choice{best->route_id, stats_of(rule, *best)};
    co_return choice{rule.routes.front(), details_writer().add("best", "too_few_samples").text()};
}

/// Returns why the route may not be taken; empty if it may.
std::string_view route_selector::why_not(route_step const& step, send_request const& request,
                                         std::string const& country, int route_id,
                                         std::optional<money> price) const {
    auto const& from = *request.caller.client;
    auto const holds = [](auto const& list, auto const& what) {
        return list.empty() || std::ranges::find(list, what) != list.end();
    };
    if (!holds(rules_.allowed_routes, route_id) || !holds(from.routes, route_id))
        return not_allowed;
    if (!holds(step.countries, country)) return other_country;
    auto const expected = price.value_or(rules_.assumed_price);
    for (auto const& most : {request.max_price, from.max_price, step.max_price})
        if (most && expected > *most) return too_dear;
    return {};
}

asio::awaitable<bool> route_selector::advance(route_walk& walk, send_request const& request,
                                              std::string const& country) const {
    auto const& from = *request.caller.client;
    while (walk.next < walk.steps.size()) {
        auto const place = (walk.begins_after + walk.next++) % walk.steps.size();
        auto const& step = walk.steps[place];
        auto const chosen = co_await choose(step, country);
        auto const price = prices_.price_of(chosen.route_id, request.to);
        if (auto const why = why_not(step, request, country, chosen.route_id, price);
            !why.empty()) {
            report(walk, {chosen.route_id, step_report::result::skipped, why, price});
            continue;
        }
        auto const expected = price.value_or(rules_.assumed_price);
        auto reservations =
            spending_.reservations({from.name, request.purpose.name(), country, chosen.route_id,
                                    expected, now_.wall(), from.is_tenant});
        walk.taken = {step,
                      static_cast<std::uint8_t>(place + 1),
                      chosen.route_id,
                      price,
                      expected,
                      std::move(reservations)};
        if (!walk.plan.empty()) {
            details_writer details;
            details.add("route_id", chosen.route_id).add("outcome", "chosen");
            if (price) details.add("price", *price);
            walk.notes.push_back(
                {now_.now(), details.text() + (chosen.why.empty() ? "" : ",") + chosen.why});
        }
        co_return true;
    }
    co_return false;
}

asio::awaitable<void> route_selector::begin_after(route_walk& walk, std::uint8_t step,
                                                  send_request const& request,
                                                  std::string const& country) const {
    walk.begins_after = step;
    walk.next = 0;
    walk.reports.clear();
    walk.notes.clear();
    for (std::size_t place = 0; place < step; ++place) {
        auto const chosen = co_await choose(walk.steps[place], country);
        report(walk, {chosen.route_id, step_report::result::skipped, tried_before,
                      prices_.price_of(chosen.route_id, request.to)});
    }
}

void route_selector::leave(route_walk& walk, step_report::result outcome,
                           std::string_view why) const {
    report(walk, {walk.taken.route_id, outcome, why, walk.taken.price});
}

void route_selector::report(route_walk& walk, step_report step) const {
    walk.notes.push_back({now_.now(), details_of(step)});
    walk.reports.push_back(step);
}

} // namespace otpd::otp
