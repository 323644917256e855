#include "routing/score_stats.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace otpd::otp {

namespace {

constexpr double half = 0.5;
constexpr double nearly_all = 0.95;
/// Of the normal distribution, for 95 % of it.
constexpr double deviations = 1.959963984540054;

/// The geometric middle of a bucket.
double seconds_in(std::size_t bucket) noexcept {
    using seconds = std::chrono::duration<double>;
    auto const& bounds = store::score_bounds;
    auto const upper = seconds(bounds[std::min(bucket, bounds.size() - 1)]).count();
    if (bucket == 0 || bucket == bounds.size()) return upper;
    return std::sqrt(seconds(bounds[bucket - 1]).count() * upper);
}

/// A code may be verified in another hour than its message was sent in.
std::optional<statistic<double>> share(std::int64_t part, std::int64_t whole) {
    if (whole <= 0) return std::nullopt;
    auto const all = static_cast<double>(whole);
    auto const some = static_cast<double>(std::min(part, whole));
    return statistic<double>{some / all, static_cast<std::uint64_t>(whole), wilson(some, all)};
}

std::optional<statistic<double>> quantile(store::route_counts const& counts, double share) {
    auto const all = std::accumulate(counts.seconds.begin(), counts.seconds.end(), std::int64_t{0});
    if (all <= 0) return std::nullopt;
    auto const whole = static_cast<double>(all);
    auto const ranks = wilson(share * whole, whole);
    return statistic<double>{quantile_of(counts.seconds, share), static_cast<std::uint64_t>(all),
                             interval<double>{quantile_of(counts.seconds, ranks.low),
                                              quantile_of(counts.seconds, ranks.high)}};
}

money part_of(std::int64_t micros, double parts) noexcept {
    return money::from_micros(std::llround(static_cast<double>(micros) / parts));
}

std::optional<statistic<money>> cost_per_verified(store::route_counts const& counts,
                                                  std::optional<statistic<double>> const& share) {
    if (counts.priced <= 0 || counts.verified <= 0) return std::nullopt;
    statistic<money> cost{part_of(counts.cost, static_cast<double>(counts.verified)),
                          static_cast<std::uint64_t>(counts.verified)};
    if (!share) return cost;
    auto const accepted = static_cast<double>(counts.accepted);
    cost.within = interval<money>{part_of(counts.cost, accepted * share->within->high),
                                  part_of(counts.cost, accepted * share->within->low)};
    return cost;
}

} // namespace

interval<double> wilson(double part, double whole) noexcept {
    constexpr double square = deviations * deviations;
    auto const share = part / whole;
    auto const scale = 1 + square / whole;
    auto const middle = (share + square / (2 * whole)) / scale;
    auto const reach =
        deviations / scale * std::sqrt(share * (1 - share) / whole + square / (4 * whole * whole));
    return {std::max(middle - reach, 0.0), std::min(middle + reach, 1.0)};
}

double quantile_of(std::span<std::int64_t const, store::score_buckets> counts,
                   double share) noexcept {
    auto const all =
        static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
    double so_far = 0;
    std::size_t last = 0;
    for (std::size_t n = 0; n < counts.size(); ++n) {
        if (counts[n] <= 0) continue;
        last = n;
        so_far += static_cast<double>(counts[n]);
        if (so_far >= share * all) break;
    }
    return seconds_in(last);
}

void add_counts(store::route_counts& to, store::route_counts const& more) noexcept {
    to.sent += more.sent;
    to.accepted += more.accepted;
    to.delivered += more.delivered;
    to.failed += more.failed;
    to.verified += more.verified;
    to.priced += more.priced;
    to.cost += more.cost;
    for (std::size_t n = 0; n < to.seconds.size(); ++n)
        to.seconds[n] += more.seconds[n];
}

route_score score_of(store::route_counts const& counts) {
    route_score score;
    score.route_id = counts.route_id;
    score.sent = static_cast<std::uint64_t>(counts.sent);
    score.accepted = static_cast<std::uint64_t>(counts.accepted);
    score.delivered = static_cast<std::uint64_t>(counts.delivered);
    score.failed = static_cast<std::uint64_t>(counts.failed);
    score.verified = static_cast<std::uint64_t>(counts.verified);
    score.accepted_share = share(counts.accepted, counts.sent);
    score.delivered_share = share(counts.delivered, counts.accepted);
    score.verified_share = share(counts.verified, counts.accepted);
    score.delivery_seconds_median = quantile(counts, half);
    score.delivery_seconds_p95 = quantile(counts, nearly_all);
    if (counts.priced > 0)
        score.cost_per_sent =
            statistic<money>{part_of(counts.cost, static_cast<double>(counts.priced)),
                             static_cast<std::uint64_t>(counts.priced)};
    score.cost_per_verified = cost_per_verified(counts, score.verified_share);
    return score;
}

} // namespace otpd::otp
