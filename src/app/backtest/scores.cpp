#include "backtest/scores.hpp"

#include <algorithm>

namespace otpd::app {

void line_scores::count(timeline_line const& line) {
    constexpr std::size_t most = 4096; // more routes and countries than there are
    auto const& event = line.event;
    bool const is_attempt =
        event == "accepted" || event == "unknown" || (event == "step_left" && line.attempted);
    bool const is_counted =
        is_attempt || event == "delivered" || event == "failed" || event == "verified";
    if (!is_counted || line.route_id == 0) return;
    auto const hour = store::score_hour(now_.wall());
    auto const oldest = hour - std::chrono::ceil<std::chrono::hours>(otp::score_window_max).count();
    while (!hours_.empty() && hours_.begin()->first < oldest)
        hours_.erase(hours_.begin());
    auto& of_hour = hours_[hour];
    std::pair const key(line.route_id, line.country);
    if (of_hour.size() >= most && !of_hour.contains(key)) return;
    auto& counted = of_hour[key];
    counted.route_id = line.route_id;
    if (is_attempt) ++counted.sent;
    if (event == "accepted") {
        ++counted.accepted;
        if (line.cost) ++counted.priced;
        counted.cost += line.cost.value_or(money()).micros();
    } else if (event == "delivered") {
        ++counted.delivered;
        ++counted.seconds[store::score_bucket(line.since_accepted)];
    } else if (event == "failed") {
        ++counted.failed;
    } else if (event == "verified") {
        ++counted.verified;
    }
}

std::vector<otp::route_score> line_scores::scores(otp::score_query const& query) const {
    auto const oldest = store::score_hour(now_.wall()) -
                        std::chrono::ceil<std::chrono::hours>(query.window).count();
    counts sums;
    for (auto at = hours_.lower_bound(oldest); at != hours_.end(); ++at)
        for (auto const& [key, counted] : at->second)
            if (query.country.empty() || query.country == key.second)
                otp::add_counts(sums[key], counted);
    std::vector<otp::route_score> list;
    for (auto& [key, counted] : sums) {
        counted.route_id = key.first;
        list.push_back(otp::score_of(counted));
        list.back().country = key.second;
    }
    return list;
}

} // namespace otpd::app
