#pragma once

/// When a message is hedged: when its route usually reports, and has not.

#include "otpd/otp/route_plan.hpp"
#include "otpd/otp/scoreboard.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace otpd::otp {

/// Silence of a route that reports fewer messages means nothing.
inline constexpr double report_share_min = 0.9;
/// The shortest time that is learned. Reports are read every few seconds.
inline constexpr std::chrono::seconds learned_min{10};

/// How long after its acceptance a message without a report is hedged: the step's own time, or the
/// 95th percentile of the route in the country. nullopt: neither is known.
[[nodiscard]] inline std::optional<std::chrono::seconds>
hedge_after(route_step const& step, route_score_source const& scores, int route_id,
            std::string const& country) {
    if (step.deliver_within > std::chrono::seconds::zero()) return step.deliver_within;
    auto const learned = scores.p95(route_id, country);
    if (!learned) return std::nullopt;
    return std::max(*learned, learned_min);
}

/// Whether a missing report of the route says that the message may not have arrived.
[[nodiscard]] inline bool reports_reliably(route_score_source const& scores, int route_id,
                                           std::string const& country) {
    auto const share = scores.report_share(route_id, country);
    return share && *share >= report_share_min;
}

} // namespace otpd::otp
