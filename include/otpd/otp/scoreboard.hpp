#pragma once

/// How well each route performed lately, from the samples of all instances (otpd/store/scores.hpp).
///
/// The window is whole hours: the present one, and as many before it as the query's window has. A
/// share never exceeds 1. Seconds are known to a factor of 1.19 (store::score_bounds), from 1 to
/// 512; values outside count as these. Each statistic has a 95 % interval, except the mean cost:
/// Wilson's for shares, the same by rank for quantiles, and that of the verified share for the cost
/// per verified code.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/otp/periodic.hpp"
#include "otpd/store/store.hpp"
#include "otpd/telemetry/forward.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

inline constexpr std::chrono::hours score_window_max{24};

struct score_query {
    std::string country;                            ///< empty: each country, and unknown countries
    std::chrono::seconds window = score_window_max; ///< at most score_window_max
};

template <class T>
struct interval {
    T low{};
    T high{};
};
template <class T>
struct statistic {
    T value{};
    std::uint64_t samples = 0; ///< how many it is based on
    std::optional<interval<T>> within = {};
};

/// The scores of one route in one country. Statistics without samples are nullopt.
struct route_score {
    int route_id = 0;
    std::string country;
    std::uint64_t sent = 0; ///< attempts of samples in the window
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0; ///< accepted, and then reported as not delivered
    std::uint64_t verified = 0;
    std::optional<statistic<double>> accepted_share;  ///< of those sent
    std::optional<statistic<double>> delivered_share; ///< of those accepted
    std::optional<statistic<double>> verified_share;  ///< of those accepted
    std::optional<statistic<double>> delivery_seconds_median;
    std::optional<statistic<double>> delivery_seconds_p95;
    std::optional<statistic<money>> cost_per_sent; ///< of those with a known cost
    /// The total known cost divided by the number of verified codes. nullopt if no cost is known.
    std::optional<statistic<money>> cost_per_verified;
};

/// Adds the counts of the same route.
void add_counts(store::route_counts& to, store::route_counts const& more) noexcept;
/// Returns the score without its country.
[[nodiscard]] route_score score_of(store::route_counts const& counts);

/// The source of scores. Thread-safe.
class route_score_source {
public:
    virtual ~route_score_source() = default;
    /// Ascending by route, then by country. Old scores are better than none: see age().
    [[nodiscard]] virtual std::vector<route_score> scores(score_query const& query) const = 0;
    /// The time since the scores were last read from the store; nullopt: never.
    [[nodiscard]] virtual std::optional<std::chrono::seconds> age() const = 0;

    /// With fewer samples, nothing is learned of a route.
    static constexpr std::uint64_t learned_from = 20;
    /// Which share of accepted messages gets a final report; nullopt: too few samples.
    [[nodiscard]] std::optional<double> report_share(int route_id,
                                                     std::string const& country) const;
    /// The time in which 95 % of the delivered messages are; nullopt: too few samples.
    [[nodiscard]] std::optional<std::chrono::seconds> p95(int route_id,
                                                          std::string const& country) const;

private:
    [[nodiscard]] std::optional<route_score> of_day(int route_id, std::string const& country) const;
};

struct scoreboard_options {
    std::chrono::seconds refresh{10}; ///< between two reads of the store
    /// Of one read of the store in all. What it did not read is left to the next one.
    std::chrono::milliseconds timeout{30'000};

    /// Settings keys of [routes].
    template <class Keys>
    static void declare(Keys keys) {
        keys.whole("score_refresh_seconds", &scoreboard_options::refresh, 1, 3600,
                   "Time between two reads of the scores, which all instances count together.");
    }
};

/// Reads the scores at an interval. It reads a past hour once more after its end, and then never
/// again. It logs `scores_not_read` once until the next success.
class scoreboard final : public route_score_source {
public:
    /// All must outlive it.
    struct dependencies {
        store::store& store;
        clock const& now;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };

    scoreboard(periodic runner, scoreboard_options options, dependencies deps);
    ~scoreboard() override;

    [[nodiscard]] std::vector<route_score> scores(score_query const& query) const override;
    [[nodiscard]] std::optional<std::chrono::seconds> age() const override;

    /// Other options, after a reload.
    void apply(scoreboard_options options);
    /// Call once.
    void start();
    /// Cancels the read under way; soon afterwards the executor has no work of it left. From any
    /// thread.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
