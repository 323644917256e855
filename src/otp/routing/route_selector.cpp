#include "routing/route_selector.hpp"

#include "otpd/otp/timeline.hpp"

#include <algorithm>
#include <array>

namespace otpd::otp {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> step_results{"skipped", "rejected", "not_sent", "unknown",
                                                       "accepted"};
static_assert(step_results.size() == static_cast<std::size_t>(step_report::result::accepted) + 1);

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

std::string details_of(step_report const& step) {
    details_writer text;
    text.add("route_id", step.route_id).add("outcome", to_string(step.outcome));
    text.add("reason", step.why);
    if (step.price) text.add("price", *step.price);
    return text.text();
}

} // namespace

std::string_view to_string(step_report::result result) noexcept {
    return step_results[static_cast<std::size_t>(result)];
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
        walk.is_hedged = plan->hedge;
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

best_route::choice route_selector::choose(route_step const& step, send_request const& request,
                                          std::string const& country) const {
    if (!step.best) return {step.route_id, {}};
    auto const may_take = [&](int route_id) {
        auto const price = prices_.price_of(route_id, request.to);
        return why_not(step, request, country, route_id, price).empty();
    };
    return best_.choose(*step.best, country, may_take);
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

bool route_selector::advance(route_walk& walk, send_request const& request,
                             std::string const& country) const {
    auto const& from = *request.caller.client;
    while (walk.next < walk.steps.size()) {
        auto const place = (walk.begins_after + walk.next++) % walk.steps.size();
        auto const& step = walk.steps[place];
        auto const chosen = choose(step, request, country);
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
            details.add("route_id", chosen.route_id)
                .add("outcome", walk.is_hedge ? "hedged" : "chosen");
            if (price) details.add("price", *price);
            walk.notes.push_back(
                {now_.now(), details.text() + (chosen.why.empty() ? "" : ",") + chosen.why});
        }
        return true;
    }
    return false;
}

void route_selector::begin_after(route_walk& walk, std::uint8_t step, send_request const& request,
                                 std::string const& country) const {
    walk.begins_after = step;
    walk.next = 0;
    walk.reports.clear();
    walk.notes.clear();
    for (std::size_t place = 0; place < step; ++place) {
        auto const chosen = choose(walk.steps[place], request, country);
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
