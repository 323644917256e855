#pragma once

/// How well routes perform, counted by all instances together: shared counters of each hour and
/// country. Steps that commit anyway add to them.
///
/// Only *samples* count. The first send to a number in sample_period, over all clients, whose
/// outcome says something of a route is one, so nobody shifts the figures by sending to his own
/// numbers. A store that is half full takes samples only of numbers that limits over all clients
/// count anyway. What happens counts in the hour in which it happens, by the caller's clock.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/store/limits.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::store {

inline constexpr std::chrono::hours sample_period{24};
/// How long the counts of an hour can be read after it.
inline constexpr std::chrono::hours score_retention{25};
/// Routes from 1 to this are counted.
inline constexpr int scored_routes_max = 12;

/// The counts of one country in one hour.
struct score_slot {
    std::string country;   ///< at most 4 characters; empty: unknown
    std::int64_t hour = 0; ///< since 1970, UTC
};
[[nodiscard]] constexpr std::int64_t score_hour(wall_time at) noexcept {
    return std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count();
}

/// Seconds to delivery are counted in buckets, each sqrt(2) times as wide as the one before. These
/// are their upper bounds, up to 512 s; the last bucket has none.
inline constexpr std::array<duration, 19> score_bounds{
    duration(1000),    duration(1414),    duration(2000),    duration(2828),   duration(4000),
    duration(5657),    duration(8000),    duration(11'314),  duration(16'000), duration(22'627),
    duration(32'000),  duration(45'255),  duration(64'000),  duration(90'510), duration(128'000),
    duration(181'019), duration(256'000), duration(362'039), duration(512'000)};
inline constexpr std::size_t score_buckets = score_bounds.size() + 1;
[[nodiscard]] constexpr std::size_t score_bucket(duration took) noexcept {
    return static_cast<std::size_t>(std::ranges::lower_bound(score_bounds, took) -
                                    score_bounds.begin());
}

/// One attempt of a send on a route: BridgeXAPI accepted the message, refused it or did not answer.
struct route_attempt {
    int route_id = 0;
    bool is_accepted = false;
    std::optional<money> cost;
};
/// With a settlement: what the send says of routes. Without attempts it is no sample.
struct send_score {
    key_hash number{}; ///< that of limits that count the number over all clients
    score_slot slot;
    std::vector<route_attempt> attempts;
};
/// With an update: the upstream has the message. A message of unknown outcome counts as accepted
/// from then on.
struct report_score {
    score_slot slot;
    int route_id = 0;
    duration took{}; ///< since the acceptance
};

/// The counts of one route.
struct route_counts {
    int route_id = 0;
    std::int64_t sent = 0; ///< attempts
    std::int64_t accepted = 0;
    std::int64_t delivered = 0; ///< by its final report
    std::int64_t failed = 0;    ///< by its final report
    std::int64_t verified = 0;
    std::int64_t priced = 0;                           ///< accepted at a known cost
    std::int64_t cost = 0;                             ///< of those, in millionths
    std::array<std::int64_t, score_buckets> seconds{}; ///< of the delivered ones

    friend bool operator==(route_counts const&, route_counts const&) = default;
};

struct score_read {
    std::vector<std::int64_t> hours; ///< whose countries are listed
    std::vector<score_slot> slots;   ///< whose counts are read
};
struct score_answer {
    /// Of each hour, those to which samples were sent. Their reports may come in the next hour.
    std::vector<std::vector<std::string>> countries;
    std::vector<std::vector<route_counts>> counts; ///< of each slot, ascending by route
};

} // namespace otpd::store
