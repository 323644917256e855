#pragma once

/// How well each route did lately, from what happened to the sends of this process.
///
/// A sample is one try of a route: a message that the upstream took, refused, or left without an
/// answer. It is `accepted` when the upstream took it, or when a report or its code proves that it
/// did; later `delivered` (by its report) and its code `verified`. Its age counts from when it
/// began. Tries that asked nobody (an open breaker, a price over the limit) are none. A code
/// verified here and sent by another instance counts as verified with its time, at the time of its
/// admission, but is no sample, nor is its cost counted here: behind a balancer that spreads
/// evenly, each instance's figures are those of all.
///
/// In every figure a sample weighs 2^(-age / half-life), the half-life being a quarter of the
/// window that was asked for; older samples than the window count nothing. No share is over 1. A
/// median is the smallest value for which the samples up to it weigh at least half of all; a p95,
/// 95 % of all.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/otp/verification_event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

struct score_query {
    std::string country; ///< empty: each country, and those of unknown country
    std::string purpose; ///< empty: all together
    std::chrono::seconds window{86'400};
};

template <class T>
struct statistic {
    T value{};
    std::uint64_t samples = 0; ///< that it is made of, not weighted
};

/// Of one route in one country. Figures without any sample are not there.
struct route_score {
    int route_id = 0;
    std::string country;
    std::uint64_t sent = 0; ///< samples in the window
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t verified = 0;
    std::optional<statistic<double>> accepted_share;  ///< of the sent
    std::optional<statistic<double>> delivered_share; ///< of the accepted
    std::optional<statistic<double>> verified_share;  ///< of the accepted
    std::optional<statistic<double>> delivery_seconds_median;
    std::optional<statistic<double>> delivery_seconds_p95;
    std::optional<statistic<double>> verify_seconds_median; ///< from the admission
    std::optional<statistic<money>> cost_per_sent;          ///< of those whose cost is known
    /// All that is known to be spent, for each code that was verified. Not without any known cost.
    std::optional<statistic<money>> cost_per_verified;
};

/// Where a plan's step gets the scores from which it chooses the best route.
class route_score_source {
public:
    virtual ~route_score_source() = default;
    /// Ascending by route, then country.
    virtual boost::asio::awaitable<std::vector<route_score>> scores(score_query query) = 0;
};

struct scoreboard_options {
    std::size_t samples_max = 100'000; ///< the oldest make room
    /// How old figures may be that are given out, so that a send does not add up everything.
    std::chrono::milliseconds fresh_for{1000};

    /// Keys of [routes] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        keys.whole("score_samples_max", &scoreboard_options::samples_max, 1000, 10'000'000,
                   "Sends that the scoreboard of the routes is made of; the oldest make room.",
                   "sends");
    }
};

/// On a strand of its own; every member from any thread.
class scoreboard final : public observer, public route_score_source {
public:
    /// `now` and whatever runs `executor` must outlive it.
    scoreboard(boost::asio::any_io_executor executor, clock const& now, scoreboard_options options);
    ~scoreboard() override;

    [[nodiscard]] bool wants(event_type kind) const noexcept override;
    void on_event(verification_event const& event) noexcept override;
    boost::asio::awaitable<std::vector<route_score>> scores(score_query query) override;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
