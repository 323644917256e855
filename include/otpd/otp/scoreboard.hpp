#pragma once

/// How well each route performed lately, from the sends of this process.
///
/// A sample is one attempt on a route: a message that the upstream accepted, refused or did not
/// answer. It is `accepted` if the upstream accepted it, or if a delivery report or its code proves
/// so. Later it may become `delivered` (by its report) and `verified` (by its code). Its age counts
/// from its start. Attempts that did not ask the upstream (open breaker, price over the limit) are
/// no samples.
///
/// If another instance sent a code that is verified here, it counts as verified, with its time, at
/// the time of its admission. It is not a sample and its cost is not counted. Behind a load
/// balancer that spreads evenly, the scores of each instance represent all.
///
/// A sample has the weight 2^(-age / half-life). The half-life is a quarter of the requested
/// window; older samples do not count. No share exceeds 1. A median is the smallest value such that
/// the samples up to it have at least half of the total weight; for a p95 it is 95 %.

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
    std::string country; ///< empty: each country, and unknown countries
    std::string purpose; ///< empty: all together
    std::chrono::seconds window{86'400};
};

template <class T>
struct statistic {
    T value{};
    std::uint64_t samples = 0; ///< how many it is based on, unweighted
};

/// The scores of one route in one country. Statistics without samples are nullopt.
struct route_score {
    int route_id = 0;
    std::string country;
    std::uint64_t sent = 0; ///< samples in the window
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t verified = 0;
    std::optional<statistic<double>> accepted_share;  ///< of those sent
    std::optional<statistic<double>> delivered_share; ///< of those accepted
    std::optional<statistic<double>> verified_share;  ///< of those accepted
    std::optional<statistic<double>> delivery_seconds_median;
    std::optional<statistic<double>> delivery_seconds_p95;
    std::optional<statistic<double>> verify_seconds_median; ///< since the admission
    std::optional<statistic<money>> cost_per_sent;          ///< of those with a known cost
    /// The total known cost divided by the number of verified codes. nullopt if no cost is known.
    std::optional<statistic<money>> cost_per_verified;
};

/// The source of scores for a plan's step that selects the best route.
class route_score_source {
public:
    virtual ~route_score_source() = default;
    /// Ascending by route, then by country.
    virtual boost::asio::awaitable<std::vector<route_score>> scores(score_query query) = 0;
};

struct scoreboard_options {
    std::size_t samples_max = 100'000; ///< the oldest are dropped
    /// The maximum age of returned scores, so that not every send computes them.
    std::chrono::milliseconds fresh_for{1000};

    /// Settings keys of [routes].
    template <class Keys>
    static void declare(Keys keys) {
        keys.whole("score_samples_max", &scoreboard_options::samples_max, 1000, 10'000'000,
                   "Most sends that the scoreboard counts; the oldest are dropped.", "sends");
    }
};

/// Runs on its own strand; all members are thread-safe.
class scoreboard final : public observer, public route_score_source {
public:
    /// `now` and the context of `executor` must outlive the scoreboard.
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
