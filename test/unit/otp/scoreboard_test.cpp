#include "backend/memory_backend.hpp"
#include "coroutines.hpp"
#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otp/routing/score_stats.hpp"
#include "otpd/otp/scoreboard.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "unimplemented_store.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <memory>

namespace otpd::test {

namespace {

using otp::score_query;
using otp::wilson;
using store::route_counts;
using namespace std::chrono_literals;

/// Fails on demand, and records what is read.
class read_store final : public unimplemented_store {
public:
    explicit read_store(otpd::store::store& inner) : inner_(inner) {}

    bool works = true;
    std::vector<otpd::store::score_read> asked;

    reply<otpd::store::score_answer> scores(otpd::store::score_read request) override {
        asked.push_back(request);
        if (!works) co_return otpd::store::fault::not_executed;
        co_return co_await inner_.scores(std::move(request));
    }

private:
    otpd::store::store& inner_;
};

/// Samples in a store, and two instances that read them.
struct board_fixture {
    board_fixture() { board.start(); }
    ~board_fixture() {
        board.stop();
        other.stop();
        run_on_threads(context, 1);
    }

    std::unique_ptr<otp::scoreboard> make() {
        return std::make_unique<otp::scoreboard>(
            otp::periodic(context.get_executor(), "scoreboard_ended", random, *log),
            otp::scoreboard_options{.refresh = 0s},
            otp::scoreboard::dependencies{reads, clock, *log, metrics});
    }
    /// Waits until everything was read after now.
    void read(otp::scoreboard const& by) {
        clock.advance(1s);
        context.restart();
        auto const end = std::chrono::steady_clock::now() + hang_limit;
        while (by.age() != 0s && context.run_one_until(end) != 0) {
        }
        BOOST_REQUIRE((by.age() == 0s));
    }
    void read() { read(board); }

    /// A new number's send and, after that, the report and the guess.
    void sample(int route, std::string const& country = "NL", bool is_delivered = false,
                bool is_verified = false) {
        ++number;
        store::record_key key;
        key.number[0] = static_cast<std::byte>(number);
        key.number[1] = static_cast<std::byte>(number >> 8U);
        key.scope = "shop:login";
        store::verification_id const id = key.number;
        store::score_slot const slot{country, store::score_hour(clock.wall())};
        store::admission send;
        send.key = key;
        send.id = id;
        send.ttl = 300s;
        send.retention = 600s;
        send.guesses = {20, 24h, 10, 10};
        BOOST_REQUIRE(
            (std::holds_alternative<store::admitted>(run(context, memory.admit(send)).value())));
        store::settlement accepted;
        accepted.key = key;
        accepted.id = id;
        accepted.result = store::send_result::accepted;
        accepted.accepted = store::receipt{route, "", "", std::nullopt};
        accepted.score =
            store::send_score{key.number, slot, {{route, true, money::from_micros(50'000)}}};
        run(context, memory.settle(accepted)).value();
        if (is_delivered) {
            store::delivery_update update;
            update.address = {key.number, id};
            update.message = store::delivery::delivered;
            update.score = store::report_score{slot, route, 3000ms};
            run(context, memory.update(update)).value();
        }
        if (!is_verified) return;
        store::check guess;
        guess.key = key;
        guess.is_code_of = [](store::code_seed const&) { return true; };
        guess.attempts_max = 5;
        guess.guesses = send.guesses;
        guess.score = slot;
        run(context, memory.check_code(guess)).value();
    }

    boost::asio::io_context context;
    manual_clock clock;
    otpd::store::memory_backend memory{context.get_executor(), clock,
                                       otpd::store::memory_options{}};
    read_store reads{memory};
    openssl_random random;
    log_capture capture;
    std::unique_ptr<telemetry::logger> log =
        std::make_unique<telemetry::logger>(capture, telemetry::level::trace, 1024);
    telemetry::metrics metrics{telemetry::metrics_options{"test", {}}};
    std::unique_ptr<otp::scoreboard> const made = make();
    std::unique_ptr<otp::scoreboard> const made_too = make();
    otp::scoreboard& board = *made;
    otp::scoreboard& other = *made_too;
    unsigned number = 0;
};

constexpr double tolerance = 1e-9;

bool close(double a, double b, double within = tolerance) {
    return std::abs(a - b) < within;
}

} // namespace

BOOST_AUTO_TEST_SUITE(score_statistics)

// R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
BOOST_AUTO_TEST_CASE(an_interval_is_the_published_one) {
    struct {
        double part, whole, low, high;
    } const known[] = {{81, 263, 0.2553, 0.3662},
                       {15, 148, 0.0624, 0.1605},
                       {0, 20, 0.0, 0.1611},
                       {1, 29, 0.0061, 0.1718}};
    for (auto const& entry : known) {
        auto const found = wilson(entry.part, entry.whole);
        BOOST_TEST(close(found.low, entry.low, 0.00005), entry.part << " of " << entry.whole);
        BOOST_TEST(close(found.high, entry.high, 0.00005), entry.part << " of " << entry.whole);
        auto const rest = wilson(entry.whole - entry.part, entry.whole); // symmetric
        BOOST_TEST(close(rest.low, 1 - found.high));
        BOOST_TEST(close(rest.high, 1 - found.low));
    }
}

BOOST_AUTO_TEST_CASE(a_quantile_is_known_to_a_factor_of_1_19) {
    for (std::int64_t ms = 1000; ms <= 512'000; ms += 77) {
        route_counts counts;
        counts.seconds[store::score_bucket(store::duration(ms))] = 9;
        auto const found = otp::quantile_of(counts.seconds, 0.5);
        auto const real = static_cast<double>(ms) / 1000;
        BOOST_TEST((found <= real * 1.19 && found >= real / 1.19), ms << " ms: " << found);
    }
    route_counts outside;
    outside.seconds.front() = 1;
    BOOST_TEST(otp::quantile_of(outside.seconds, 0.5) == 1.0);
    outside.seconds.front() = 0;
    outside.seconds.back() = 1;
    BOOST_TEST(otp::quantile_of(outside.seconds, 0.5) == 512.0);
}

BOOST_AUTO_TEST_CASE(a_quantile_is_where_its_share_is_reached) {
    route_counts counts;
    counts.seconds[0] = 94; // up to 1 s
    counts.seconds[6] = 1;
    counts.seconds[19] = 5; // over 512 s
    BOOST_TEST(otp::quantile_of(counts.seconds, 0.5) == 1.0);
    BOOST_TEST(otp::quantile_of(counts.seconds, 0.94) == 1.0);
    BOOST_TEST(close(otp::quantile_of(counts.seconds, 0.95), std::sqrt(5.657 * 8.0)));
    BOOST_TEST(otp::quantile_of(counts.seconds, 0.951) == 512.0);
    BOOST_TEST(otp::quantile_of(counts.seconds, 1) == 512.0);
}

BOOST_AUTO_TEST_CASE(figures_are_those_that_a_hand_adds_up) {
    route_counts counts;
    counts.route_id = 8;
    counts.sent = 5;
    counts.accepted = 4;
    counts.delivered = 2;
    counts.failed = 1;
    counts.verified = 2;
    counts.priced = 4;
    counts.cost = 210'000;
    counts.seconds[store::score_bucket(4000ms)] = 2;
    auto const score = otp::score_of(counts);
    BOOST_TEST(score.route_id == 8);
    BOOST_TEST(score.failed == 1U);
    BOOST_TEST(close(score.accepted_share->value, 0.8));
    BOOST_TEST(score.accepted_share->samples == 5U);
    BOOST_TEST(close(score.accepted_share->within->low, wilson(4, 5).low));
    BOOST_TEST(close(score.delivered_share->value, 0.5));
    BOOST_TEST(score.delivered_share->samples == 4U);
    BOOST_TEST(close(score.verified_share->value, 0.5));
    BOOST_TEST(score.delivery_seconds_median->samples == 2U);
    BOOST_TEST(close(score.delivery_seconds_median->value, std::sqrt(2.828 * 4)));
    BOOST_TEST(close(score.delivery_seconds_p95->within->high, std::sqrt(2.828 * 4)));
    BOOST_TEST(score.cost_per_sent->value.micros() == 52'500);
    BOOST_TEST(!score.cost_per_sent->within.has_value());
    BOOST_TEST(score.cost_per_verified->value.micros() == 105'000);
    auto const share = wilson(2, 4);
    BOOST_TEST(score.cost_per_verified->within->low.micros() ==
               std::llround(210'000 / (4 * share.high)));
    BOOST_TEST(score.cost_per_verified->within->high.micros() ==
               std::llround(210'000 / (4 * share.low)));
}

BOOST_AUTO_TEST_CASE(figures_without_a_sample_are_not_there) {
    route_counts counts;
    counts.sent = 1;
    auto const score = otp::score_of(counts);
    BOOST_TEST(score.accepted_share->value == 0);
    BOOST_TEST(!score.delivered_share.has_value());
    BOOST_TEST(!score.verified_share.has_value());
    BOOST_TEST(!score.delivery_seconds_median.has_value());
    BOOST_TEST(!score.delivery_seconds_p95.has_value());
    BOOST_TEST(!score.cost_per_sent.has_value());
    BOOST_TEST(!score.cost_per_verified.has_value());
}

// It was sent in the hour before.
BOOST_AUTO_TEST_CASE(a_share_is_at_most_all) {
    route_counts counts;
    counts.accepted = 1;
    counts.verified = 2;
    BOOST_TEST(otp::score_of(counts).verified_share->value == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(scoreboards, board_fixture)

BOOST_AUTO_TEST_CASE(every_instance_shows_what_all_have_counted) {
    BOOST_TEST(!board.age().has_value());
    BOOST_TEST(board.scores({}).empty());
    sample(8, "NL", true, true);
    sample(8);
    sample(3, "");
    read();
    other.start();
    read(other);
    for (auto const* entry : {&board, &other}) {
        auto const scores = entry->scores({});
        BOOST_REQUIRE(scores.size() == 2U);
        BOOST_TEST(scores[0].route_id == 3);
        BOOST_TEST(scores[0].country == "");
        BOOST_TEST(scores[1].route_id == 8);
        BOOST_TEST(scores[1].country == "NL");
        BOOST_TEST(scores[1].sent == 2U);
        BOOST_TEST(scores[1].delivered == 1U);
        BOOST_TEST(scores[1].verified == 1U);
    }
    BOOST_TEST(board.scores({"NL"}).size() == 1U);
    BOOST_TEST(board.scores({"DE"}).empty());
}

// An instance that has just started sees codes verified together with their sends.
BOOST_AUTO_TEST_CASE(a_restart_forgets_no_sample) {
    sample(8, "NL", true, true);
    clock.advance(3h);
    read();
    BOOST_TEST(board.scores({}).at(0).sent == 1U);
    BOOST_TEST(board.scores({}).at(0).verified == 1U);
}

BOOST_AUTO_TEST_CASE(a_window_is_the_present_hour_and_those_before) {
    sample(8);
    clock.advance(1h);
    sample(8);
    clock.advance(1h);
    sample(8);
    read();
    BOOST_TEST(board.scores({"NL", 1h}).at(0).sent == 2U);
    BOOST_TEST(board.scores({"NL", 1h + 1s}).at(0).sent == 3U);
    clock.advance(23h - 1s); // with the second that read() took
    BOOST_TEST(board.scores({}).at(0).sent == 2U);
    read();
    BOOST_TEST(board.scores({}).at(0).sent == 2U);
    clock.advance(25h);
    read();
    BOOST_TEST(board.scores({}).empty());
}

BOOST_AUTO_TEST_CASE(a_past_hour_is_read_once_more_and_then_never_again) {
    sample(8);
    read();
    reads.asked.clear();
    clock.advance(1h + 11min);
    read();
    auto const hour = store::score_hour(clock.wall());
    auto const lists_of = [&](std::int64_t of) {
        return std::ranges::count_if(
            reads.asked, [of](auto const& read) { return read.hours == std::vector{of - 1, of}; });
    };
    BOOST_TEST(lists_of(hour - 1) > 0);
    // Rounds that the loop has begun meanwhile may have read it, too.
    read();
    reads.asked.clear();
    read();
    BOOST_TEST(lists_of(hour) > 0);
    BOOST_TEST(lists_of(hour - 1) == 0);
    BOOST_TEST(lists_of(hour - 24) == 0);
    BOOST_TEST(board.scores({}).at(0).sent == 1U);
}

BOOST_AUTO_TEST_CASE(what_a_store_no_longer_answers_stays_shown_with_its_age) {
    sample(8);
    read();
    reads.works = false;
    clock.advance(40s);
    auto const has_failed = [&] {
        return metrics.scrape().find("otpd_score_reads_total{result=\"failed\"} 0") ==
               std::string::npos;
    };
    context.restart();
    auto const end = std::chrono::steady_clock::now() + hang_limit;
    while (!has_failed() && context.run_one_until(end) != 0) {
    }
    BOOST_TEST(has_failed());
    BOOST_TEST((board.age() >= 40s));
    BOOST_TEST(board.scores({}).at(0).sent == 1U);
    reads.works = true;
    read();
    board.stop();
    run_on_threads(context, 1);
    log.reset();
    auto const text = capture.text();
    BOOST_TEST(text.find("scores_not_read") != std::string::npos);
    BOOST_TEST(text.find("scores_not_read") == text.rfind("scores_not_read")); // once
    log = std::make_unique<telemetry::logger>(capture, telemetry::level::trace, 1024);
}

BOOST_AUTO_TEST_CASE(many_countries_are_read_in_bounded_steps) {
    for (char a = 'A'; a <= 'B'; ++a)
        for (char b = 'A'; b <= 'Z'; ++b)
            sample(8, std::string{a, b});
    read();
    BOOST_TEST(board.scores({}).size() == 52U);
    for (auto const& read : reads.asked)
        BOOST_TEST(read.hours.size() + read.slots.size() <= 32U);
}

BOOST_AUTO_TEST_CASE(nothing_is_learned_from_few_samples) {
    for (int n = 0; n < 19; ++n)
        sample(8, "NL", true);
    read();
    BOOST_TEST(!board.report_share(8, "NL").has_value());
    BOOST_TEST(!board.p95(8, "NL").has_value());
    sample(8, "NL", false);
    read();
    BOOST_TEST(close(board.report_share(8, "NL").value(), 19.0 / 20));
    BOOST_TEST(!board.p95(8, "NL").has_value());
    sample(8, "NL", true);
    read();
    BOOST_TEST((board.p95(8, "NL") == 4s)); // 2.828 s to 4 s, at their middle, rounded up
    BOOST_TEST(!board.report_share(3, "NL").has_value());
    BOOST_TEST(!board.report_share(8, "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
