#pragma once

/// Computes scores from samples, without clocks or threads.

#include "otpd/otp/scoreboard.hpp"

#include <span>

namespace otpd::otp {

/// One attempt on a route and its result.
struct score_sample {
    wall_time at;
    std::string verification_id;
    int route_id = 0;
    std::string country;
    std::string purpose;
    bool accepted = false;
    std::optional<double> delivery_seconds; ///< set if delivered
    std::optional<double> verify_seconds;   ///< set if verified
    std::optional<money> cost;
    /// Verified here, but sent by another instance: counts as verified, but not as an attempt.
    bool foreign = false;
};

/// Returns 2^(-age / half-life), or 0 outside the window. A future time counts as now.
[[nodiscard]] double weight_of(std::chrono::milliseconds age, std::chrono::seconds window) noexcept;

struct weighted {
    double value;
    double weight;
};
/// Returns the smallest value such that the values up to it have at least `share` of the total
/// weight. Requires a value.
[[nodiscard]] double weighted_quantile(std::vector<weighted> values, double share);

/// Sums the samples of a query.
class score_sum {
public:
    /// `weight` is that of the sample's age, > 0.
    void add(score_sample const& sample, double weight);
    /// Returns the score without route and country.
    [[nodiscard]] route_score stats() const;

private:
    std::uint64_t sent_ = 0, accepted_ = 0, delivered_ = 0, verified_ = 0, priced_ = 0;
    double sent_weight_ = 0, accepted_weight_ = 0, delivered_weight_ = 0, verified_weight_ = 0;
    double priced_weight_ = 0;
    double spent_ = 0; ///< in millionths, weighted
    std::vector<weighted> delivery_seconds_;
    std::vector<weighted> verify_seconds_;
};

/// Returns the scores, ascending by route, then by country.
[[nodiscard]] std::vector<route_score> stats_of(std::span<score_sample const* const> samples,
                                                score_query const& query, wall_time now);

} // namespace otpd::otp
