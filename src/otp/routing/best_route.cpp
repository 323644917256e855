#include "routing/best_route.hpp"

#include "otpd/otp/timeline.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace otpd::otp {

namespace {

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

/// Those that nothing is known of have too few samples, too.
std::vector<int> unknown_routes(best_rule const& rule, std::vector<route_score> const& scores,
                                std::string const& country) {
    auto list = rule.routes;
    std::erase_if(list, [&](int route_id) {
        return std::ranges::any_of(scores, [&](route_score const& score) {
            // A route that refuses everything is known, too.
            return score.route_id == route_id && score.country == country &&
                   std::max(score.sent, score.accepted) >= rule.min_samples;
        });
    });
    return list;
}

} // namespace

best_route::choice best_route::choose(best_rule const& rule, std::string const& country,
                                      std::function<bool(int)> const& may_take) const {
    auto const scores = scores_.scores({country, rule.window});
    choice usual{rule.routes.front(), details_writer().add("best", "too_few_samples").text()};
    route_score const* best = nullptr;
    for (auto const& score : scores)
        if (score.country == country && qualifies(rule, score) &&
            (best == nullptr || better(rule, score, *best)))
            best = &score;
    if (best != nullptr) usual = {best->route_id, stats_of(rule, *best)};
    // Before the first read every route would look unknown.
    if (rules_.explore_percent == 0 || !scores_.age()) return usual;
    auto unknown = unknown_routes(rule, scores, country);
    std::erase_if(unknown,
                  [&](int route_id) { return route_id == usual.route_id || !may_take(route_id); });
    if (unknown.empty() || random_.below(100) >= rules_.explore_percent) return usual;
    auto const chosen = unknown[static_cast<std::size_t>(random_.below(unknown.size()))];
    return {chosen, details_writer().add("best", "explored").text()};
}

} // namespace otpd::otp
