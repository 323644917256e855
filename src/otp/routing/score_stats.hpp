#pragma once

/// The arithmetic of the scoreboard: from samples to figures, without clocks and threads.

#include "otpd/otp/scoreboard.hpp"

#include <span>

namespace otpd::otp {

/// One try of a route, and what became of it.
struct score_sample {
    wall_time at;
    std::string verification_id;
    int route_id = 0;
    std::string country;
    std::string purpose;
    bool accepted = false;
    std::optional<double> delivery_seconds; ///< delivered
    std::optional<double> verify_seconds;   ///< verified
    std::optional<money> cost;
    /// Verified here and sent by another instance: counts as verified, and is no try.
    bool foreign = false;
};

/// 2^(-age / half-life); 0 outside of the window. A time that is still to come is now.
[[nodiscard]] double weight_of(std::chrono::milliseconds age, std::chrono::seconds window) noexcept;

struct weighted {
    double value;
    double weight;
};
/// The smallest value for which those up to it weigh at least `share` of all. Not of nothing.
[[nodiscard]] double weighted_quantile(std::vector<weighted> values, double share);

/// Collects the samples of a query.
class score_sum {
public:
    /// `sample`: with the weight of its age, > 0.
    void add(score_sample const& sample, double weight);
    /// All but the route and the country.
    [[nodiscard]] route_score stats() const;

private:
    std::uint64_t sent_ = 0, accepted_ = 0, delivered_ = 0, verified_ = 0, priced_ = 0;
    double sent_weight_ = 0, accepted_weight_ = 0, delivered_weight_ = 0, verified_weight_ = 0;
    double priced_weight_ = 0;
    double spent_ = 0; ///< millionths, weighted
    std::vector<weighted> delivery_seconds_;
    std::vector<weighted> verify_seconds_;
};

/// Ascending by route, then country.
[[nodiscard]] std::vector<route_score> stats_of(std::span<score_sample const* const> samples,
                                                score_query const& query, wall_time now);

} // namespace otpd::otp
