#include "account_monitor_fixture.hpp"
#include "otpd/otp/account_monitor.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t euro = 1'000'000;

/// The values of one read.
struct reading {
    std::optional<std::int64_t> balance; ///< empty: the upstream does not answer
    std::optional<std::int64_t> spent;   ///< in this hour; empty: the store does not answer
    std::chrono::minutes after{1};       ///< since the last read
    std::int64_t spent_before = -1;      ///< of the previous hour, from now on
};

struct account_fixture : test::account_monitor_fixture {
    account_fixture() {
        options.interval = 1ms;
        options.low = money::from_micros(5 * euro);
    }

    void make() {
        watched = std::make_unique<account>(options, clock, *log, metrics);
        monitor = std::make_unique<account_monitor>(
            periodic(context.get_executor(), "account_monitor_ended", random, *log), gateway,
            report, *watched);
    }
    /// Returns the state after each read.
    std::vector<account_state> take(std::vector<reading> readings) {
        make();
        std::vector<account_state> states;
        std::size_t next = 0;
        gateway.on_balance = [&]() -> bridgexapi::answer<bridgexapi::balance> {
            if (next > 0) states.push_back(watched->state());
            if (next == readings.size()) {
                monitor->stop();
                return bridgexapi::failure{bridgexapi::reason::shutting_down};
            }
            return prepare(readings[next++]);
        };
        monitor->start();
        test::run_on_threads(context, 1);
        return states;
    }

    account_options options;
    policy rules;
    key_ring keys{secret_string("a secret of a test"), {}, secret_string()};
    ledger spending{rules, keys};
    spending_report report{rules, spending, store, clock};
    std::unique_ptr<account> watched;
    std::unique_ptr<account_monitor> monitor;

private:
    bridgexapi::answer<bridgexapi::balance> prepare(reading const& at) {
        clock.advance(at.after);
        auto const now = clock.wall();
        store.works = at.spent.has_value();
        if (at.spent) store.book(spending.total(now), *at.spent);
        if (at.spent_before >= 0) store.book(spending.total(now - 1h), at.spent_before);
        if (!at.balance) return bridgexapi::failure{bridgexapi::reason::connect_failed};
        bridgexapi::balance result;
        result.amount = money::from_micros(*at.balance);
        result.currency = "EUR";
        return result;
    }
};

std::int64_t drift_of(account_state const& state) {
    BOOST_REQUIRE(state.drift);
    return state.drift->micros();
}

} // namespace

BOOST_AUTO_TEST_SUITE(account_suite)

// --- drift --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(one_query_shows_the_balance_and_no_drift, account_fixture) {
    auto const states = take({{100 * euro, 40 * euro}});
    BOOST_TEST((states[0].balance == money::from_micros(100 * euro)));
    BOOST_TEST(!states[0].drift);
    BOOST_TEST((states[0].at == clock.wall()));
}

BOOST_FIXTURE_TEST_CASE(what_the_ledger_knows_of_is_no_drift, account_fixture) {
    auto const states =
        take({{100 * euro, 40 * euro}, {90 * euro, 50 * euro}, {60 * euro, 80 * euro}});
    BOOST_TEST(drift_of(states[1]) == 0);
    BOOST_TEST(drift_of(states[2]) == 0);
    BOOST_TEST(count(log_text(), "ledger_drift") == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_else_leaves_the_account_adds_up_and_is_reported_once,
                        account_fixture) {
    auto const states = take({{100 * euro, 0},
                              {100 * euro - euro / 2, 0},
                              {98 * euro, euro / 2},
                              {95 * euro, euro},
                              {94 * euro, euro}});
    BOOST_TEST(drift_of(states[1]) == euro / 2);
    BOOST_TEST(drift_of(states[2]) == euro + euro / 2);
    BOOST_TEST(drift_of(states[3]) == 4 * euro);
    BOOST_TEST(drift_of(states[4]) == 5 * euro);
    BOOST_TEST(count(log_text(), "\"event\":\"ledger_drift\",\"drift\":1.5") == 1u);
    BOOST_TEST(count(output.text(), "ledger_drift") == 1u);
}

BOOST_FIXTURE_TEST_CASE(drift_that_fell_to_half_the_tolerance_is_reported_again, account_fixture) {
    // 2, 0.75, 2, 0.5, -2 more than the ledger has.
    take({{100 * euro, 10 * euro},
          {98 * euro, 10 * euro},
          {98 * euro, 10 * euro + 5 * euro / 4},
          {98 * euro, 10 * euro},
          {98 * euro, 10 * euro + 3 * euro / 2},
          {98 * euro, 14 * euro}});
    BOOST_TEST(count(log_text(), "ledger_drift") == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_rise_beyond_the_tolerance_is_a_top_up_and_begins_anew, account_fixture) {
    auto const states = take({{100 * euro, 0},
                              {97 * euro, 0},
                              {147 * euro, euro},
                              {146 * euro, 2 * euro},
                              {145 * euro, 2 * euro}});
    BOOST_TEST(drift_of(states[1]) == 3 * euro);
    BOOST_TEST(drift_of(states[2]) == 0);
    BOOST_TEST(drift_of(states[3]) == 0);
    BOOST_TEST(drift_of(states[4]) == euro);
    BOOST_TEST(count(log_text(), "\"event\":\"balance_topped_up\",\"by\":50") == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_small_rise_is_no_top_up, account_fixture) {
    auto const states = take({{100 * euro, euro}, {101 * euro, 0}});
    BOOST_TEST(drift_of(states[1]) == 0);
    BOOST_TEST(count(log_text(), "balance_topped_up") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_period_that_begins_begins_at_nothing, account_fixture) {
    auto const states = take({{100 * euro, 40 * euro}, {97 * euro, 2 * euro, 60min, 41 * euro}});
    BOOST_TEST(drift_of(states[1]) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_send_settled_after_its_period_still_counts, account_fixture) {
    // The clock begins at a full hour: 20 minutes past it, then 20 past the next, then 21.
    auto const states = take({{100 * euro, 40 * euro, 20min},
                              {97 * euro, 2 * euro, 60min, 42 * euro},
                              {97 * euro, 2 * euro, 1min, 41 * euro}});
    BOOST_TEST(drift_of(states[1]) == -euro);
    BOOST_TEST(drift_of(states[2]) == 0);
}

BOOST_FIXTURE_TEST_CASE(periods_that_passed_without_a_query_are_made_up_for, account_fixture) {
    auto const began = clock.wall();
    store.book(spending.total(began + 3h), 7 * euro);
    auto const states = take({{100 * euro, 40 * euro}, {92 * euro, euro, 6h}});
    BOOST_TEST(drift_of(states[1]) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_query_without_an_answer_is_ignored, account_fixture) {
    auto const states = take({{100 * euro, 0},
                              {std::nullopt, 5 * euro},
                              {90 * euro, std::nullopt},
                              {80 * euro, 20 * euro}});
    BOOST_TEST(!states[1].drift);
    BOOST_TEST(!states[2].drift);
    BOOST_TEST((states[2].balance == money::from_micros(90 * euro)));
    BOOST_TEST(drift_of(states[3]) == 0);
}

BOOST_FIXTURE_TEST_CASE(balance_and_drift_are_measured, account_fixture) {
    take({{100 * euro, 0}, {97 * euro, 0}});
    auto const scraped = metrics.scrape();
    BOOST_TEST(scraped.find(" 97\n") != std::string::npos);
    BOOST_TEST(scraped.find(" 3\n") != std::string::npos);
}

// --- the balance --------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_low_balance_is_reported_once_until_it_is_no_longer_low, account_fixture) {
    take({{6 * euro, 0}, {4 * euro, 0}, {3 * euro, 0}, {50 * euro, 0}, {4 * euro, 0}});
    BOOST_TEST(count(log_text(), "balance_low") == 2u);
}

BOOST_FIXTURE_TEST_CASE(balances_from_sends_in_any_order_are_reported_once_too, account_fixture) {
    make();
    for (auto const amount : {6, 4, 6, 4, 5, 3})
        watched->on_balance(money::from_micros(amount * euro));
    BOOST_TEST((watched->state().balance == money::from_micros(3 * euro)));
    BOOST_TEST(count(log_text(), "balance_low") == 1u);
}

BOOST_FIXTURE_TEST_CASE(without_queries_the_sends_show_that_it_is_no_longer_low, account_fixture) {
    options.interval = 0ms;
    make();
    monitor->start();
    for (auto const amount : {4, 5, 4})
        watched->on_balance(money::from_micros(amount * euro));
    test::run_on_threads(context, 1);
    BOOST_TEST(gateway.asked == 0);
    BOOST_TEST(count(log_text(), "balance_low") == 2u);
}

BOOST_FIXTURE_TEST_CASE(queries_begin_and_end_with_other_options, account_fixture) {
    options.interval = 0ms;
    make();
    monitor->start();
    gateway.on_balance = [&]() -> bridgexapi::answer<bridgexapi::balance> {
        options.interval = 0ms;
        watched->apply(options);
        monitor->apply();
        return bridgexapi::failure{bridgexapi::reason::shutting_down};
    };
    options.interval = 1h;
    watched->apply(options);
    monitor->apply();
    while (gateway.asked == 0)
        BOOST_REQUIRE(context.run_one_for(test::hang_limit) > 0);
    context.poll(); // to the end of the question
    BOOST_TEST(gateway.asked == 1);
    monitor->stop();
    context.restart();
    test::run_on_threads(context, 1);
}

BOOST_FIXTURE_TEST_CASE(without_a_mark_no_balance_is_low, account_fixture) {
    options.low = money{};
    make();
    watched->on_balance(money::from_micros(-euro));
    BOOST_TEST(count(log_text(), "balance_low") == 0u);
}

BOOST_FIXTURE_TEST_CASE(stopping_does_not_wait_for_an_upstream_that_hangs, account_fixture) {
    make();
    gateway.hangs = true;
    monitor->start();
    context.poll();
    BOOST_TEST(gateway.under_way == 1);
    monitor->stop();
    test::run_on_threads(context, 1);
    BOOST_TEST(gateway.under_way == 0);
}

BOOST_AUTO_TEST_SUITE_END()
