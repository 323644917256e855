#include "app/stats.hpp"
#include "coroutines.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace otpd;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// A view of these metrics; nothing is wrong with it.
app::service_view view_of(telemetry::metrics const& metrics) {
    app::service_view view;
    view.now = steady_time(1000s);
    view.readings = metrics.read(app::metrics_read());
    return view;
}

telemetry::metrics_options some_limits() {
    return {"test", {"/send-otp", "/v1/verify-otp"}, {"cooldown", "pumping_prefix"}};
}

bool has(std::vector<std::string> const& faults, std::string const& text) {
    return std::ranges::any_of(
        faults, [&](auto const& fault) { return fault.find(text) != std::string::npos; });
}

app::recent_counts at_second(int second) {
    app::recent_counts counts;
    counts.at = steady_time(std::chrono::seconds(second));
    return counts;
}

/// With a cap of 10.
otp::budget_view budget_of(std::string name, std::int64_t spent) {
    otp::budget_view budget;
    budget.name = std::move(name);
    budget.cap = money::from_micros(10'000'000);
    budget.spent = money::from_micros(spent * 1'000'000);
    return budget;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stats)

BOOST_AUTO_TEST_CASE(a_service_without_a_fault_has_no_line) {
    telemetry::metrics metrics(some_limits());
    metrics.settings_read(true, {});
    metrics.send("accepted", "", 3);
    metrics.send("cooldown", "", 3);
    auto const view = view_of(metrics);
    BOOST_TEST(app::faults_of(view, at_second(980)).empty());
}

BOOST_AUTO_TEST_CASE(every_fault_that_the_service_knows_of_has_a_line) {
    telemetry::metrics metrics(some_limits());
    auto const before = app::counts_of(view_of(metrics));
    for (int i = 0; i < 3; ++i)
        metrics.send("not_sent", "timed_out", 3);
    metrics.send("accepted", "", 3);
    metrics.limit_violated("pumping_prefix", false);
    metrics.store_operation("admit", false, 5s);
    metrics.store_full();
    metrics.webhook("given_up");
    metrics.settings_read(false, {});
    auto view = view_of(metrics);
    view.now += 20s;
    view.not_ready = "draining";
    view.gates = {{.route_id = 3, .open = true}, {.route_id = 1}};
    view.account = {money::from_micros(2'500'000), money::from_micros(-4'000'000), {}};
    view.account_rules.low = money::from_micros(5'000'000);
    view.budgets = {budget_of("near", 9), budget_of("far", 1)};
    view.log_lines_dropped = 2;
    auto const faults = app::faults_of(view, before);
    BOOST_TEST(faults.front() == "not ready: draining");
    for (auto const* const line :
         {"the last reload was refused", "route 3 is paused",
          "3 of 4 sends failed in the last 20 s, most for timed_out", "the store failed in 1 step",
          "the store is slow: 5000 ms a step", "the store is full",
          "the balance is low: 2.5, under 5", "differs from the ledger by -4",
          "budget near is at 90 % of 10", "the conversion guard refused 1 send",
          "1 webhook message lost", "2 lines of log or timeline dropped"})
        BOOST_TEST(has(faults, line), line << " is missing");
    BOOST_TEST(!has(faults, "far"));
    BOOST_TEST(!has(faults, "route 1"));
    // Of what was already so, the account, the routes and the budgets stay.
    auto const later = app::faults_of(view, app::counts_of(view));
    BOOST_TEST(!has(later, "sends failed"));
    BOOST_TEST(!has(later, "the store"));
    BOOST_TEST(has(later, "the balance is low"));
}

BOOST_AUTO_TEST_CASE(counters_are_summed_by_outcome_and_latencies_by_operation) {
    telemetry::metrics metrics(some_limits());
    metrics.send("accepted", "", 3);
    metrics.send("accepted", "", 1);
    metrics.check("verified");
    metrics.limit_violated("cooldown", false);
    metrics.limit_violated("cooldown", true);
    metrics.http_request("/send-otp", "POST", 200, 20ms);
    metrics.http_request("/v1/verify-otp", "POST", 200, 2ms);
    auto const view = view_of(metrics);
    auto const text = json::parse(app::stats_text(view, {"a line"}));
    auto const& counters = text.at("counters");
    BOOST_TEST(counters.at("sends").at("accepted").as_int64() == 2);
    BOOST_TEST(counters.at("checks").at("verified").as_int64() == 1);
    BOOST_TEST(counters.at("checks").at("wrong").as_int64() == 0);
    BOOST_TEST(counters.at("refusals").at("cooldown").as_int64() == 1);
    BOOST_TEST(counters.at("observed").at("cooldown").as_int64() == 1);
    BOOST_TEST(text.at("latencies").at("send").at("count").to_number<int>() == 1);
    BOOST_TEST(text.at("latencies").at("check").at("count").to_number<int>() == 1);
    auto const& buckets = text.at("latencies").at("send").at("buckets").as_array();
    BOOST_TEST(buckets.front().at(1).to_number<int>() == 0);
    BOOST_TEST(buckets.back().at(0).to_number<double>() == 30);
    BOOST_TEST(buckets.back().at(1).to_number<int>() == 1);
    BOOST_TEST(text.at("faults").at(0).as_string() == "a line");
    BOOST_TEST(text.at("ready").as_bool());
    BOOST_TEST(text.at("gauges").at("balance").is_null());
}

BOOST_AUTO_TEST_CASE(guards_are_shown_apart_from_limits) {
    telemetry::metrics metrics(some_limits());
    metrics.limit_violated("cooldown", true);
    metrics.limit_violated("pumping_prefix", false);
    auto const view = view_of(metrics);
    auto const text = json::parse(app::abuse_text(
        view, {{"3161234", "NL", 12, 3, "pumping_prefix", wall_time(), wall_time()}}));
    BOOST_TEST(json::serialize(text.at("guards")) ==
               R"([{"name":"pumping_prefix","refused":1,"observed":0}])");
    BOOST_TEST(json::serialize(text.at("violations")) ==
               R"([{"name":"cooldown","refused":0,"observed":1}])");
    BOOST_TEST(text.at("prefixes").at(0).at("prefix").as_string() == "+3161234");
    BOOST_TEST(text.at("prefixes").at(0).at("over_by_at_most").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(counts_are_compared_with_those_of_the_last_half_minute) {
    boost::asio::io_context context;
    app::counts_history history(context.get_executor());
    auto const compared_at = [&](int second) {
        auto const before = test::run(context, history.exchange(at_second(second)));
        return std::chrono::duration_cast<std::chrono::seconds>(before.at.time_since_epoch())
            .count();
    };
    BOOST_TEST(compared_at(100) == 100); // nobody has asked before
    BOOST_TEST(compared_at(110) == 100);
    BOOST_TEST(compared_at(116) == 100);
    BOOST_TEST(compared_at(131) == 116);
    BOOST_TEST(compared_at(140) == 116);
    BOOST_TEST(compared_at(300) == 300); // nobody has asked for a while
}

BOOST_AUTO_TEST_SUITE_END()
