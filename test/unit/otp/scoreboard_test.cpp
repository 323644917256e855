#include "coroutines.hpp"
#include "manual_clock.hpp"
#include "otp/routing/score_stats.hpp"
#include "otpd/otp/scoreboard.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace otpd::test {

namespace {

using otp::event_type;
using otp::score_query;
using otp::verification_event;
using otp::weighted;
using otp::weighted_quantile;
using namespace std::chrono_literals;

struct board_fixture {
    verification_event of(event_type type, std::string id, int route = 8) const {
        verification_event event;
        event.type = type;
        event.at = clock.wall();
        event.verification_id = std::move(id);
        event.route_id = route;
        event.country = "NL";
        event.purpose = "login";
        return event;
    }
    void accept(std::string id, std::int64_t micros, int route = 8) {
        auto event = of(event_type::accepted, std::move(id), route);
        event.cost = money::from_micros(micros);
        board.on_event(event);
    }
    void deliver(std::string id, std::chrono::milliseconds after, int route = 8) {
        auto event = of(event_type::delivered, std::move(id), route);
        event.since_accepted = after;
        board.on_event(event);
    }
    void verify(std::string id, std::chrono::milliseconds after, int route = 8) {
        auto event = of(event_type::verified, std::move(id), route);
        event.since_admitted = after;
        board.on_event(event);
    }
    void refuse(std::string id, int route, bool attempted = true) {
        auto event = of(event_type::step_left, std::move(id), route);
        event.attempted = attempted;
        board.on_event(event);
    }
    std::vector<otp::route_score> scores(score_query query = {}) {
        return run(context, board.scores(std::move(query)));
    }

    boost::asio::io_context context;
    manual_clock clock;
    otp::scoreboard board{context.get_executor(), clock, {.samples_max = 100, .fresh_for = 1000ms}};
};

constexpr double tolerance = 1e-9;

bool close(double a, double b) {
    return std::abs(a - b) < tolerance;
}

} // namespace

BOOST_AUTO_TEST_SUITE(scoreboard)

BOOST_AUTO_TEST_CASE(a_sample_weighs_half_after_a_quarter_of_the_window_and_nothing_behind_it) {
    BOOST_TEST(close(otp::weight_of(0s, 400s), 1));
    BOOST_TEST(close(otp::weight_of(-5s, 400s), 1));
    BOOST_TEST(close(otp::weight_of(100s, 400s), 0.5));
    BOOST_TEST(close(otp::weight_of(400s, 400s), 0.0625));
    BOOST_TEST(otp::weight_of(400'001ms, 400s) == 0);
}

BOOST_AUTO_TEST_CASE(a_median_is_where_half_of_the_weight_is_reached) {
    using values = std::vector<weighted>;
    BOOST_TEST(weighted_quantile(values{{3, 1}, {1, 1}, {2, 1}}, 0.5) == 2);
    BOOST_TEST(weighted_quantile(values{{4, 1}, {1, 1}, {2, 1}, {3, 1}}, 0.5) == 2);
    BOOST_TEST(weighted_quantile(values{{1, 1}, {2, 1}, {9, 3}}, 0.5) == 9);
    BOOST_TEST(weighted_quantile(values{{7, 0.1}}, 0.95) == 7);
    values hundred;
    for (int i = 1; i <= 100; ++i)
        hundred.push_back({static_cast<double>(i), 1});
    BOOST_TEST(weighted_quantile(hundred, 0.95) == 95);
}

BOOST_FIXTURE_TEST_CASE(figures_are_those_that_a_hand_adds_up, board_fixture) {
    accept("a", 50'000);
    accept("b", 60'000);
    refuse("c", 8);
    deliver("a", 3000ms);
    verify("a", 9000ms);
    clock.advance(100s); // a quarter of the window, so these weigh half
    accept("d", 100'000);
    deliver("d", 5000ms);
    auto const scores = this->scores({.country = "NL", .purpose = "login", .window = 400s});
    BOOST_REQUIRE(scores.size() == 1U);
    auto const& score = scores[0];
    BOOST_TEST(score.route_id == 8);
    BOOST_TEST(score.country == "NL");
    BOOST_TEST(score.sent == 4U);
    BOOST_TEST(score.accepted == 3U);
    BOOST_TEST(score.delivered == 2U);
    BOOST_TEST(score.verified == 1U);
    BOOST_TEST(close(score.accepted_share->value, 2.0 / 2.5)); // (0.5 + 0.5 + 1) / (3 * 0.5 + 1)
    BOOST_TEST(score.accepted_share->samples == 4U);
    BOOST_TEST(close(score.delivered_share->value, 1.5 / 2.0));
    BOOST_TEST(score.delivered_share->samples == 3U);
    BOOST_TEST(close(score.verified_share->value, 0.5 / 2.0));
    BOOST_TEST(score.delivery_seconds_median->value == 5.0); // 3 weighs 0.5 of 1.5
    BOOST_TEST(score.delivery_seconds_p95->value == 5.0);
    BOOST_TEST(score.verify_seconds_median->value == 9.0);
    // 25,000 + 30,000 + 100,000 for a weight of 2, and for a verified weight of 0.5
    BOOST_TEST(score.cost_per_sent->value.micros() == 77'500);
    BOOST_TEST(score.cost_per_sent->samples == 3U);
    BOOST_TEST(score.cost_per_verified->value.micros() == 310'000);
    BOOST_TEST(score.cost_per_verified->samples == 1U);
}

BOOST_FIXTURE_TEST_CASE(figures_without_a_sample_are_not_there, board_fixture) {
    refuse("a", 3);
    auto const score = scores().at(0);
    BOOST_TEST(score.accepted_share->value == 0);
    BOOST_TEST(!score.delivered_share.has_value());
    BOOST_TEST(!score.verified_share.has_value());
    BOOST_TEST(!score.delivery_seconds_median.has_value());
    BOOST_TEST(!score.delivery_seconds_p95.has_value());
    BOOST_TEST(!score.verify_seconds_median.has_value());
    BOOST_TEST(!score.cost_per_sent.has_value());
    BOOST_TEST(!score.cost_per_verified.has_value());
}

BOOST_FIXTURE_TEST_CASE(routes_are_scored_each_with_its_own_tries_of_one_verification,
                        board_fixture) {
    refuse("a", 8);
    refuse("a", 2, false); // the upstream was not called
    accept("a", 50'000, 1);
    deliver("a", 2000ms, 1);
    verify("a", 4000ms, 1);
    auto const scores = this->scores();
    BOOST_REQUIRE(scores.size() == 2U);
    BOOST_TEST(scores[0].route_id == 1);
    BOOST_TEST(scores[0].verified == 1U);
    BOOST_TEST(scores[1].route_id == 8);
    BOOST_TEST(scores[1].accepted == 0U);
}

BOOST_FIXTURE_TEST_CASE(countries_and_purposes_are_kept_apart, board_fixture) {
    accept("a", 1);
    auto other = of(event_type::accepted, "b");
    other.country = "";
    board.on_event(other);
    other.verification_id = "c";
    other.country = "NL";
    other.purpose = "payment";
    board.on_event(other);
    auto const all = scores();
    BOOST_REQUIRE(all.size() == 2U);
    BOOST_TEST(all[0].country == "");
    BOOST_TEST(all[0].sent == 1U);
    BOOST_TEST(all[1].sent == 2U);
    BOOST_TEST(scores({.country = "NL", .purpose = "payment"}).at(0).sent == 1U);
    BOOST_TEST(scores({.country = "DE", .purpose = ""}).empty());
}

BOOST_FIXTURE_TEST_CASE(a_send_lost_on_a_stale_connection_counts_for_no_route, board_fixture) {
    accept("good", 50'000);
    auto lost = of(event_type::unknown, "lost");
    lost.stale_connection = true;
    board.on_event(lost);
    auto const all = scores();
    BOOST_REQUIRE(all.size() == 1u);
    BOOST_TEST(all.front().sent == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_unknown_outcome_is_accepted_once_a_report_or_its_code_proves_it,
                        board_fixture) {
    for (auto const* id : {"a", "b", "c"})
        board.on_event(of(event_type::unknown, id));
    board.on_event(of(event_type::delivery, "a"));
    verify("b", 3000ms);
    auto const score = scores().at(0);
    BOOST_TEST(score.sent == 3U);
    BOOST_TEST(score.accepted == 2U);
    BOOST_TEST(score.verified == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_code_that_another_instance_sent_counts_as_verified_and_is_no_try,
                        board_fixture) {
    clock.advance(10s);
    accept("a", 40'000);
    accept("b", 40'000);
    auto foreign = of(event_type::verified, "elsewhere");
    foreign.since_admitted = 7000ms;
    foreign.cost = money::from_micros(90'000);
    board.on_event(foreign);
    auto const score = scores().at(0);
    BOOST_TEST(score.sent == 2U);
    BOOST_TEST(score.verified == 1U);
    BOOST_TEST(score.verify_seconds_median->value == 7.0);
    BOOST_TEST(score.verified_share->value < 0.51);
    BOOST_TEST(score.cost_per_sent->value.micros() == 40'000);
}

// The sender was this instance before a restart, or another one that counted it already.
BOOST_FIXTURE_TEST_CASE(a_code_from_before_the_start_counts_for_nothing, board_fixture) {
    clock.advance(3s);
    verify("from_before", 4000ms);
    BOOST_TEST(scores().empty());
    verify("at_the_start", 3000ms);
    clock.advance(2s); // scores are cached for a moment
    BOOST_TEST(scores().at(0).verified == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_says_nothing_about_a_route_is_no_sample, board_fixture) {
    for (auto const kind : {event_type::blocked, event_type::admitted, event_type::not_sent,
                            event_type::failed, event_type::wrong, event_type::canceled})
        board.on_event(of(kind, "a"));
    board.on_event(of(event_type::accepted, "a", 0));
    deliver("nobody", 1000ms);
    BOOST_TEST(scores().empty());
}

BOOST_FIXTURE_TEST_CASE(the_oldest_samples_make_room, board_fixture) {
    for (int i = 0; i < 150; ++i)
        accept("v" + std::to_string(i), 1);
    deliver("v49", 1000ms);  // gone
    deliver("v50", 1000ms);  // the oldest
    deliver("v149", 1000ms); // the newest
    auto const score = scores().at(0);
    BOOST_TEST(score.sent == 100U);
    BOOST_TEST(score.delivered == 2U);
}

BOOST_FIXTURE_TEST_CASE(figures_are_added_up_again_only_when_they_are_old, board_fixture) {
    accept("a", 1);
    BOOST_TEST(scores().at(0).sent == 1U);
    accept("b", 1);
    BOOST_TEST(scores().at(0).sent == 1U);
    BOOST_TEST(scores({.country = "NL", .purpose = ""}).at(0).sent == 2U); // another query
    clock.advance(1000ms);
    BOOST_TEST(scores().at(0).sent == 2U);
}

BOOST_FIXTURE_TEST_CASE(old_samples_count_nothing, board_fixture) {
    accept("a", 1);
    clock.advance(401s);
    BOOST_TEST(scores({.country = "", .purpose = "", .window = 400s}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
