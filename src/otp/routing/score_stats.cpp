#include "routing/score_stats.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace otpd::otp {

namespace {

constexpr double half = 0.5;
constexpr double nearly_all = 0.95;

std::optional<statistic<double>> share(double part, double whole, std::uint64_t samples) {
    if (samples == 0) return std::nullopt;
    return statistic<double>{std::min(part / whole, 1.0), samples};
}

std::optional<statistic<double>> quantile(std::vector<weighted> const& values, double share) {
    if (values.empty()) return std::nullopt;
    return statistic<double>{weighted_quantile(values, share), values.size()};
}

std::optional<statistic<money>> price(double spent, double weight, std::uint64_t samples) {
    if (samples == 0) return std::nullopt;
    return statistic<money>{money::from_micros(std::llround(spent / weight)), samples};
}

bool is_asked_for(score_sample const& sample, score_query const& query) {
    return (query.country.empty() || query.country == sample.country) &&
           (query.purpose.empty() || query.purpose == sample.purpose);
}

} // namespace

double weight_of(std::chrono::milliseconds age, std::chrono::seconds window) noexcept {
    using seconds = std::chrono::duration<double>;
    if (age > window) return 0;
    auto const half_life = seconds(window) / 4;
    auto const passed = std::max(seconds(age), seconds::zero());
    return std::exp2(-(passed / half_life));
}

double weighted_quantile(std::vector<weighted> values, double share) {
    std::ranges::sort(values, {}, &weighted::value);
    double all = 0;
    for (auto const& each : values)
        all += each.weight;
    double so_far = 0;
    for (auto const& each : values) {
        so_far += each.weight;
        if (so_far >= share * all) return each.value;
    }
    return values.back().value; // reached only through rounding
}

void score_sum::add(score_sample const& sample, double weight) {
    if (sample.verify_seconds) {
        ++verified_;
        verified_weight_ += weight;
        verify_seconds_.push_back({*sample.verify_seconds, weight});
    }
    if (sample.foreign) return;
    ++sent_;
    sent_weight_ += weight;
    if (sample.cost) {
        ++priced_;
        priced_weight_ += weight;
        spent_ += weight * static_cast<double>(sample.cost->micros());
    }
    if (!sample.accepted) return;
    ++accepted_;
    accepted_weight_ += weight;
    if (!sample.delivery_seconds) return;
    ++delivered_;
    delivered_weight_ += weight;
    delivery_seconds_.push_back({*sample.delivery_seconds, weight});
}

route_score score_sum::stats() const {
    route_score score;
    score.sent = sent_;
    score.accepted = accepted_;
    score.delivered = delivered_;
    score.verified = verified_;
    score.accepted_share = share(accepted_weight_, sent_weight_, sent_);
    score.delivered_share = share(delivered_weight_, accepted_weight_, accepted_);
    score.verified_share = share(verified_weight_, accepted_weight_, accepted_);
    score.delivery_seconds_median = quantile(delivery_seconds_, half);
    score.delivery_seconds_p95 = quantile(delivery_seconds_, nearly_all);
    score.verify_seconds_median = quantile(verify_seconds_, half);
    score.cost_per_sent = price(spent_, priced_weight_, priced_);
    if (priced_ > 0) score.cost_per_verified = price(spent_, verified_weight_, verified_);
    return score;
}

std::vector<route_score> stats_of(std::span<score_sample const* const> samples,
                                  score_query const& query, wall_time now) {
    std::map<std::pair<int, std::string>, score_sum> sums;
    for (auto const* sample : samples) {
        if (!is_asked_for(*sample, query)) continue;
        auto const age = std::chrono::floor<std::chrono::milliseconds>(now - sample->at);
        auto const weight = weight_of(age, query.window);
        if (weight > 0) sums[std::pair(sample->route_id, sample->country)].add(*sample, weight);
    }
    std::vector<route_score> scores;
    for (auto const& [where, sum] : sums) {
        auto score = sum.stats();
        score.route_id = where.first;
        score.country = where.second;
        scores.push_back(std::move(score));
    }
    return scores;
}

} // namespace otpd::otp
