#pragma once

/// The scores of routes by the lines of a timeline. They count every message, not one of a number
/// and day.

#include "backtest/lines.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/otp/scoreboard.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otpd::app {

class line_scores final : public otp::route_score_source {
public:
    /// `now` must outlive it.
    explicit line_scores(clock const& now) : now_(now) {}

    void count(timeline_line const& line);

    [[nodiscard]] std::vector<otp::route_score>
    scores(otp::score_query const& query) const override;
    [[nodiscard]] std::optional<std::chrono::seconds> age() const override {
        return std::chrono::seconds(0);
    }

private:
    using counts = std::map<std::pair<int, std::string>, store::route_counts>;

    clock const& now_;
    std::map<std::int64_t, counts> hours_; ///< of the longest window
};

} // namespace otpd::app
