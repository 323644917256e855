// How soon users have a code in hand, and how many messages that takes, with and without hedges.
//
// Route 1 loses 30 % of its messages and reports the loss after five minutes; route 2 loses 2 %.
// Users who have no code ask again after a minute, which takes the other route. The times at which
// a message is hedged, and whether its route reports reliably, are otpd's own rules over otpd's own
// scores; everything else is simulated, from one seed.

#include "routing/hedge_rules.hpp"
#include "routing/score_stats.hpp"
#include "send/hedge_queue.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace otpd;
using namespace std::chrono_literals;

constexpr std::size_t users = 20'000;
constexpr auto between_users = 500ms;
constexpr auto loss_is_reported_after = 5min;
constexpr auto patience = 60s; ///< then a user asks again, at most resends_max times
constexpr int resends_max = 4;
constexpr std::array lost{0.3, 0.02};          ///< of the messages of routes 1 and 2
constexpr std::array median_seconds{4.0, 5.0}; ///< to the delivery
constexpr double spread = 0.5;                 ///< log-normal
constexpr std::size_t read_every = 200;        ///< users; otpd reads them every few seconds

/// What otpd knows of the routes, as its scoreboard computes it.
class known_scores final : public otp::route_score_source {
public:
    store::route_counts& of(int route_id) {
        auto& counts = counts_[route_id];
        counts.route_id = route_id;
        return counts;
    }
    void read() {
        scores_.clear();
        for (auto const& [route_id, counts] : counts_) {
            scores_.push_back(otp::score_of(counts));
            scores_.back().route_id = route_id;
            scores_.back().country = "NL";
        }
    }
    [[nodiscard]] std::vector<otp::route_score> scores(otp::score_query const&) const override {
        return scores_;
    }
    [[nodiscard]] std::optional<std::chrono::seconds> age() const override {
        return std::chrono::seconds(0);
    }

private:
    std::map<int, store::route_counts> counts_;
    std::vector<otp::route_score> scores_;
};

struct user {
    steady_time asked;
    std::optional<steady_time> in_hand;
    int sends = 0;
};

struct result {
    double median = 0, p95 = 0; ///< seconds until the code is in hand
    double messages_per_user = 0;
    std::size_t messages = 0, hedges = 0;
};

class history {
public:
    explicit history(bool hedges) : hedges_(hedges), all_(users) {}

    result play() {
        for (std::size_t n = 0; n < users; ++n)
            at(steady_time(24h) + static_cast<std::int64_t>(n) * between_users, [this, n] {
                if (n % read_every == 0) scores_.read();
                all_[n].asked = now_;
                ask(n);
            });
        while (!events_.empty()) {
            auto next = events_.extract(events_.begin());
            now_ = next.key();
            next.mapped()();
        }
        return figures();
    }

private:
    void at(steady_time when, std::function<void()> what) {
        events_.emplace(when, std::move(what));
    }

    /// The first send takes route 1; one whose message did not arrive in time takes the other.
    void ask(std::size_t n) {
        auto& who = all_[n];
        if (who.in_hand) return;
        int const route = who.sends++ % 2 + 1;
        send(n, route);
        if (hedges_ && route == 1) watch(n);
        if (who.sends <= resends_max) at(now_ + patience, [this, n] { ask(n); });
    }

    void send(std::size_t n, int route) {
        ++messages_;
        ++scores_.of(route).accepted;
        auto const index = static_cast<std::size_t>(route) - 1;
        if (std::bernoulli_distribution(lost[index])(random_)) {
            at(now_ + loss_is_reported_after, [this, route] { ++scores_.of(route).failed; });
            return;
        }
        std::lognormal_distribution<double> takes(std::log(median_seconds[index]), spread);
        double const seconds = takes(random_);
        auto const arrival = now_ + std::chrono::milliseconds(std::llround(seconds * 1000));
        at(arrival, [this, n, route, arrival, began = now_] {
            auto& counts = scores_.of(route);
            ++counts.delivered;
            auto const took = std::chrono::floor<store::duration>(arrival - began);
            ++counts.seconds[store::score_bucket(took)];
            if (!all_[n].in_hand) all_[n].in_hand = now_;
            waiting_.drop(std::to_string(n)); // delivered
        });
    }

    void watch(std::size_t n) {
        auto const after = otp::hedge_after({}, scores_, 1, "NL");
        if (!after || !waiting_.add(std::to_string(n), now_ + *after, n)) return;
        at(now_ + *after, [this] {
            while (auto const due = waiting_.take(now_)) {
                if (!otp::reports_reliably(scores_, 1, "NL")) continue;
                ++hedged_;
                send(*due, 2);
            }
        });
    }

    [[nodiscard]] result figures() const {
        std::vector<double> seconds;
        for (auto const& entry : all_)
            if (entry.in_hand)
                seconds.push_back(
                    std::chrono::duration<double>(*entry.in_hand - entry.asked).count());
        std::ranges::sort(seconds);
        auto const quantile = [&](double share) {
            return seconds[static_cast<std::size_t>(share *
                                                    static_cast<double>(seconds.size() - 1))];
        };
        return {quantile(0.5), quantile(0.95),
                static_cast<double>(messages_) / static_cast<double>(seconds.size()), messages_,
                hedged_};
    }

    bool const hedges_;
    std::mt19937_64 random_{20};
    std::multimap<steady_time, std::function<void()>> events_;
    steady_time now_{};
    std::vector<user> all_;
    known_scores scores_;
    otp::hedge_queue<std::size_t> waiting_{users};
    std::size_t messages_ = 0, hedged_ = 0;
};

} // namespace

int main() {
    std::puts("| hedge | code in hand, median s | p95 s | messages per verified user | hedged |");
    std::puts("|---|---:|---:|---:|---:|");
    for (bool const hedges : {false, true}) {
        auto const found = history(hedges).play();
        std::printf("| %s | %.1f | %.1f | %.3f | %zu |\n", hedges ? "yes" : "no", found.median,
                    found.p95, found.messages_per_user, found.hedges);
    }
}
