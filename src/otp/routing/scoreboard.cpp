#include "otpd/otp/scoreboard.hpp"

#include "otpd/net/on_strand.hpp"
#include "routing/score_stats.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <deque>
#include <map>
#include <tuple>
#include <unordered_map>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// The number of queries whose results are cached.
constexpr std::size_t kept_max = 64;

double in_seconds(std::chrono::milliseconds time) noexcept {
    return std::chrono::duration<double>(time).count();
}

bool may_say_something(event_type kind) noexcept {
    using enum event_type;
    switch (kind) {
    case accepted:
    case unknown:
    case delivered:
    case delivery:
    case verified:
    case step_left:
        return true;
    default:
        return false;
    }
}

bool says_something(verification_event const& event) noexcept {
    return may_say_something(event.type) && event.route_id != 0 &&
           (event.type != event_type::step_left || event.attempted);
}

/// A bounded list of samples, the oldest first.
class sample_list {
public:
    /// A verification that was admitted before `began` was sent, and counted, by another instance.
    sample_list(std::size_t most, wall_time began) : most_(most), began_(began) {}

    void note(verification_event const& event);
    [[nodiscard]] std::vector<score_sample const*> all() const;

private:
    /// The id is a view into a stored sample: a copy would be larger than the rest of the key.
    struct key {
        std::string_view verification_id;
        int route_id;
        friend bool operator==(key const&, key const&) = default;
    };
    struct hash {
        std::size_t operator()(key const& of) const noexcept {
            return std::hash<std::string_view>()(of.verification_id) +
                   static_cast<std::size_t>(of.route_id);
        }
    };

    score_sample* find(verification_event const& event);
    void begin(verification_event const& event, bool accepted);
    void deliver(verification_event const& event);
    void verify(verification_event const& event);
    void keep(score_sample sample);

    std::size_t most_;
    wall_time began_;
    std::deque<score_sample> samples_;
    std::uint64_t first_ = 0; ///< the sequence number of the first sample
    /// The last attempt of each verification on each route.
    std::unordered_map<key, std::uint64_t, hash> numbers_;
};

score_sample* sample_list::find(verification_event const& event) {
    auto const found = numbers_.find({event.verification_id, event.route_id});
    return found == numbers_.end() ? nullptr
                                   : &samples_[static_cast<std::size_t>(found->second - first_)];
}

void sample_list::note(verification_event const& event) {
    if (event.stale_connection) return; // the connection failed, not the route
    switch (event.type) {
    case event_type::accepted:
        return begin(event, true);
    case event_type::verified:
        return verify(event);
    case event_type::delivered:
    case event_type::delivery:
        return deliver(event);
    default:
        return begin(event, false);
    }
}

void sample_list::begin(verification_event const& event, bool accepted) {
    score_sample sample;
    sample.at = event.at;
    sample.verification_id = event.verification_id;
    sample.route_id = event.route_id;
    sample.country = event.country;
    sample.purpose = event.purpose;
    sample.accepted = accepted;
    if (accepted) sample.cost = event.cost;
    keep(std::move(sample));
}

void sample_list::deliver(verification_event const& event) {
    auto* const sample = find(event);
    if (sample == nullptr) return;
    sample->accepted = true; // even if its outcome was unknown
    if (!sample->cost) sample->cost = event.cost;
    if (event.type == event_type::delivered)
        sample->delivery_seconds = in_seconds(event.since_accepted);
}

void sample_list::verify(verification_event const& event) {
    if (auto* const sample = find(event)) {
        sample->accepted = true;
        sample->verify_seconds = in_seconds(event.since_admitted);
        return;
    }
    if (event.at - event.since_admitted < began_) return;
    score_sample sample;
    sample.at = event.at - event.since_admitted;
    sample.verification_id = event.verification_id;
    sample.route_id = event.route_id;
    sample.country = event.country;
    sample.purpose = event.purpose;
    sample.verify_seconds = in_seconds(event.since_admitted);
    sample.foreign = true;
    keep(std::move(sample));
}

void sample_list::keep(score_sample sample) {
    if (most_ == 0) return;
    if (samples_.size() >= most_) {
        auto const& oldest = samples_.front();
        auto const entry = numbers_.find({oldest.verification_id, oldest.route_id});
        if (entry != numbers_.end() && entry->second == first_) numbers_.erase(entry);
        samples_.pop_front();
        ++first_;
    }
    auto const number = first_ + samples_.size();
    auto const& kept = samples_.emplace_back(std::move(sample));
    key const which{kept.verification_id, kept.route_id};
    numbers_.erase(which); // its id is a view into an older sample
    numbers_.emplace(which, number);
}

std::vector<score_sample const*> sample_list::all() const {
    std::vector<score_sample const*> out;
    out.reserve(samples_.size());
    for (auto const& each : samples_)
        out.push_back(&each);
    return out;
}

} // namespace

/// Members are used on `strand_`, except on_event().
class scoreboard::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor const& executor, clock const& now, scoreboard_options options)
        : strand_(asio::make_strand(executor)), clock_(now), options_(options),
          samples_(options.samples_max, now.wall()) {}

    [[nodiscard]] net::strand const& strand() const noexcept { return strand_; }

    /// Posting to the strand copies a dozen texts. If no executor hop is needed, no copy is made.
    void on_event(verification_event const& event) {
        if (net::is_single_threaded(strand_)) return samples_.note(event);
        asio::post(strand_, [self = shared_from_this(), event] { self->samples_.note(event); });
    }

    std::vector<route_score> scores(score_query const& query) {
        auto const now = clock_.now();
        query_key const key(query.country, query.purpose, query.window.count());
        auto const kept = kept_.find(key);
        if (kept != kept_.end() && now - kept->second.made < options_.fresh_for)
            return kept->second.scores;
        if (kept_.size() >= kept_max) kept_.clear();
        auto& fresh = kept_[key];
        fresh.made = now;
        fresh.scores = stats_of(samples_.all(), query, clock_.wall());
        return fresh.scores;
    }

private:
    using query_key = std::tuple<std::string, std::string, std::int64_t>;
    struct cached_scores {
        steady_time made;
        std::vector<route_score> scores;
    };

    net::strand strand_;
    clock const& clock_;
    scoreboard_options const options_;
    sample_list samples_;
    std::map<query_key, cached_scores> kept_;
};

scoreboard::scoreboard(asio::any_io_executor executor, clock const& now, scoreboard_options options)
    : impl_(std::make_shared<impl>(executor, now, options)) {}

scoreboard::~scoreboard() = default;

bool scoreboard::wants(event_type kind) const noexcept {
    return may_say_something(kind);
}

void scoreboard::on_event(verification_event const& event) noexcept {
    if (!says_something(event)) return;
    try {
        impl_->on_event(event);
    } catch (std::exception const&) { // no memory: one sample fewer
        return;
    }
}

asio::awaitable<std::vector<route_score>> scoreboard::scores(score_query query) {
    auto const self = impl_;
    auto add_up = [&] { return self->scores(query); };
    co_return co_await net::on_strand(self->strand(), add_up);
}

} // namespace otpd::otp
