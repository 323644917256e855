#pragma once

#include "otpd/core/random.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/scoreboard.hpp"

#include <functional>
#include <string>

namespace otpd::otp {

/// Chooses among the routes of a step with `best`. Thread-safe.
class best_route {
public:
    /// All arguments must outlive it.
    best_route(policy const& rules, route_score_source const& scores, random_source& random)
        : rules_(rules), scores_(scores), random_(random) {}

    struct choice {
        int route_id = 0;
        std::string why; ///< for the timeline: the scores; empty for a step with a fixed route
    };
    /// Takes the best route by its scores, or the first if there are too few samples. A share of
    /// the sends (policy::explore_percent) takes instead one of the other routes with too few
    /// samples, so that they get some. `may_take`: whether the send may take a route.
    [[nodiscard]] choice choose(best_rule const& rule, std::string const& country,
                                std::function<bool(int)> const& may_take) const;

private:
    policy const& rules_;
    route_score_source const& scores_;
    random_source& random_;
};

} // namespace otpd::otp
