#include "otpd/otp/scoreboard.hpp"

#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "routing/score_stats.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// The counts of an hour do not change once this much time has passed since its end: steps are
/// late by seconds, and clocks by less.
constexpr std::chrono::minutes hour_settles_in{10};
/// In one step of the store.
constexpr std::size_t slots_at_once = 32;

struct hour_scores {
    bool is_final = false;
    std::map<std::string, std::vector<store::route_counts>, std::less<>> by_country;
};

/// What was read of the store.
struct score_view {
    std::map<std::int64_t, boost::shared_ptr<hour_scores const>> hours;
    std::optional<steady_time> read_at; ///< the last time that nothing was left unread
};

using score_sums = std::map<std::pair<int, std::string_view>, store::route_counts>;

void add_up(score_sums& sums, std::string_view country,
            std::vector<store::route_counts> const& counts) {
    for (auto const& count : counts)
        add_counts(sums[{count.route_id, country}], count);
}

} // namespace

std::optional<route_score> route_score_source::of_day(int route_id,
                                                      std::string const& country) const {
    for (auto& score : scores({country}))
        if (score.route_id == route_id && score.country == country) return std::move(score);
    return std::nullopt;
}

std::optional<double> route_score_source::report_share(int route_id,
                                                       std::string const& country) const {
    auto const score = of_day(route_id, country);
    if (!score || score->accepted < learned_from) return std::nullopt;
    auto const reported = static_cast<double>(score->delivered + score->failed);
    return std::min(reported / static_cast<double>(score->accepted), 1.0);
}

std::optional<std::chrono::seconds> route_score_source::p95(int route_id,
                                                            std::string const& country) const {
    auto const score = of_day(route_id, country);
    if (!score || !score->delivery_seconds_p95 ||
        score->delivery_seconds_p95->samples < learned_from)
        return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(
        std::chrono::duration<double>(score->delivery_seconds_p95->value));
}

class scoreboard::impl : public std::enable_shared_from_this<impl> {
public:
    impl(periodic runner, scoreboard_options options, dependencies deps)
        : runner_(std::move(runner)), refresh_(options.refresh), timeout_(options.timeout),
          deps_(deps), view_(boost::make_shared<score_view const>()) {}

    void start() {
        runner_.start([self = shared_from_this()] { return self->run(); });
    }
    void stop() { runner_.stop(); }
    void apply(scoreboard_options options) {
        if (refresh_.exchange(options.refresh) != options.refresh) runner_.wake();
    }

    [[nodiscard]] std::optional<std::chrono::seconds> age() const {
        auto const read_at = view_.load()->read_at;
        if (!read_at) return std::nullopt;
        return std::chrono::floor<std::chrono::seconds>(deps_.now.now() - *read_at);
    }

    [[nodiscard]] std::vector<route_score> scores(score_query const& query) const {
        auto const view = view_.load(); // the sums refer to its texts
        auto const oldest = store::score_hour(deps_.now.wall()) -
                            std::chrono::ceil<std::chrono::hours>(query.window).count();
        score_sums sums;
        for (auto at = view->hours.lower_bound(oldest); at != view->hours.end(); ++at) {
            auto const& countries = at->second->by_country;
            if (query.country.empty()) {
                for (auto const& [country, counts] : countries)
                    add_up(sums, country, counts);
            } else if (auto const found = countries.find(query.country); found != countries.end()) {
                add_up(sums, found->first, found->second);
            }
        }
        std::vector<route_score> list;
        for (auto& [where, counts] : sums) {
            counts.route_id = where.first;
            list.push_back(score_of(counts));
            list.back().country = where.second;
        }
        return list;
    }

private:
    asio::awaitable<steady_time::duration> run() {
        bool is_read = false;
        try {
            is_read = co_await read();
        } catch (std::exception const&) { // no memory
            is_read = false;
        }
        if (is_read || !runner_.is_stopped()) report(is_read);
        co_return refresh_.load();
    }

    void report(bool is_read) {
        deps_.metrics.scores_read(is_read);
        if (!is_read && !has_failed_) deps_.log.warn("scores_not_read", {});
        has_failed_ = !is_read;
    }

    /// Reads the latest hour first. What was read is shown even if the store then stops answering.
    asio::awaitable<bool> read() {
        auto const began = deps_.now.now();
        auto const present = deps_.now.wall();
        auto const newest = store::score_hour(present);
        auto const oldest = newest - score_window_max.count();
        auto made = *view_.load();
        std::erase_if(made.hours, [oldest](auto const& hour) { return hour.first < oldest; });
        bool is_complete = true;
        for (auto hour = newest; is_complete && hour >= oldest; --hour) {
            auto& known = made.hours[hour];
            if (known && known->is_final) continue;
            auto fresh = co_await read_hour(hour);
            is_complete = fresh && deps_.now.now() - began < timeout_;
            if (fresh) {
                fresh->is_final =
                    present >= wall_time(std::chrono::hours(hour + 1)) + hour_settles_in;
                known = boost::make_shared<hour_scores const>(*std::move(fresh));
            }
        }
        std::erase_if(made.hours, [](auto const& hour) { return !hour.second; });
        if (is_complete) made.read_at = began;
        view_.store(boost::make_shared<score_view const>(std::move(made)));
        co_return is_complete;
    }

    asio::awaitable<std::optional<hour_scores>> read_hour(std::int64_t hour) {
        store::score_read request;
        request.hours = {hour - 1, hour};
        auto const listed = co_await deps_.store.scores(std::move(request));
        if (!listed) co_return std::nullopt;
        std::set<std::string> countries;
        for (auto const& list : listed->countries)
            countries.insert(list.begin(), list.end());
        hour_scores fresh;
        for (auto next = countries.begin(); next != countries.end();) {
            store::score_read some;
            for (; next != countries.end() && some.slots.size() < slots_at_once; ++next)
                some.slots.push_back({*next, hour});
            auto const slots = some.slots;
            auto counted = co_await deps_.store.scores(std::move(some));
            if (!counted || counted->counts.size() != slots.size()) co_return std::nullopt;
            for (std::size_t n = 0; n < slots.size(); ++n)
                fresh.by_country[slots[n].country] = std::move(counted->counts[n]);
        }
        co_return fresh;
    }

    periodic runner_;
    std::atomic<std::chrono::seconds> refresh_;
    std::chrono::milliseconds const timeout_;
    dependencies const deps_;
    /// Read from any thread. Not std::atomic: see price_cache.
    boost::atomic_shared_ptr<score_view const> view_;
    bool has_failed_ = false; ///< of the runner only
};

scoreboard::scoreboard(periodic runner, scoreboard_options options, dependencies deps)
    : impl_(std::make_shared<impl>(std::move(runner), options, deps)) {}

scoreboard::~scoreboard() = default;

std::vector<route_score> scoreboard::scores(score_query const& query) const {
    return impl_->scores(query);
}

std::optional<std::chrono::seconds> scoreboard::age() const {
    return impl_->age();
}

void scoreboard::apply(scoreboard_options options) {
    impl_->apply(options);
}

void scoreboard::start() {
    impl_->start();
}

void scoreboard::stop() {
    impl_->stop();
}

} // namespace otpd::otp
