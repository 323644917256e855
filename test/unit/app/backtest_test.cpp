/// Other settings over the lines of a timeline.

#include "app/backtest/backtest.hpp"
#include "support/temporary_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace otpd;
namespace json = boost::json;

namespace {

constexpr std::int64_t first_ms = 1'790'000'000'000;

std::string hex(std::size_t digits, int n) {
    auto const text = std::to_string(n);
    return std::string(digits - text.size(), '0') + text;
}

/// The lines of sends to numbers that share nothing but the client.
class timeline {
public:
    std::string text;
    std::int64_t at = first_ms;

    std::string line(char const* event, int user, std::string const& more = "") {
        at += 1000;
        auto const one = "{\"ts\":\"x\",\"level\":\"info\",\"event\":\"" + std::string(event) +
                         "\",\"at_ms\":" + std::to_string(at) +
                         ",\"client\":\"default\",\"purpose\":\"login\",\"country\":\"NL\","
                         "\"number\":\"" +
                         hex(16, user) + "\",\"prefix\":\"" + hex(16, user + 5000) +
                         "\",\"route_id\":3,\"price_micros\":50000" + more + "}\n";
        text += one;
        return one;
    }
    void of(char const* event, int user, int id, std::string const& more = "") {
        line(event, user, ",\"verification_id\":\"" + hex(32, id) + '"' + more);
    }
    /// An admitted send that is accepted at a cost of 0.04.
    void sent(int user, int id) {
        of("admitted", user, id);
        of("accepted", user, id, ",\"cost_micros\":40000");
    }
    void verified(int user, int id) {
        of("verified", user, id, ",\"guess\":true,\"with_id\":true");
    }
};

app::settings without_limits() {
    app::settings all;
    all.limits.client_1m = 0;
    all.limits.global_1m = 0;
    all.otp.pumping.enabled = false;
    return all;
}

json::object report_of(app::settings const& settings, timeline const& lines, int code = 0) {
    test::temporary_directory const directory;
    auto const out =
        app::run_backtest(settings, {directory.add("timeline.jsonl", lines.text)}, true);
    BOOST_TEST_REQUIRE(out.code == code);
    return json::parse(out.output).as_object();
}

std::uint64_t count(json::object const& report, char const* side, char const* name) {
    return report.at(side).at(name).to_number<std::uint64_t>();
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_backtest)

BOOST_AUTO_TEST_CASE(sends_what_was_sent_if_nothing_refuses_it) {
    timeline lines;
    for (int n = 1; n <= 4; ++n) {
        lines.sent(n, n);
        if (n % 2 == 0) lines.of("delivered", n, n, ",\"status\":\"DELIVERED\"");
        if (n == 4) lines.verified(n, n);
    }
    auto const report = report_of(without_limits(), lines);
    for (auto const* const side : {"happened", "replayed"}) {
        BOOST_TEST(count(report, side, "sends") == 4U);
        BOOST_TEST(count(report, side, "refused") == 0U);
        BOOST_TEST(count(report, side, "messages") == 4U);
        BOOST_TEST(count(report, side, "verified") == 1U);
        BOOST_TEST(report.at(side).at("cost").to_number<double>() == 0.16);
    }
    BOOST_TEST(count(report, "happened", "delivered") == 2U);
    BOOST_TEST(report.at("replayed").at("expected_deliveries").to_number<double>() == 2.0);
    BOOST_TEST(count(report, "replayed", "honest_refused") == 0U);
}

BOOST_AUTO_TEST_CASE(counts_the_users_whose_code_was_typed_and_whom_a_tighter_limit_refuses) {
    timeline lines;
    for (int n = 1; n <= 3; ++n)
        lines.sent(n, n);
    lines.verified(1, 1);
    lines.verified(3, 3);
    auto tighter = without_limits();
    tighter.limits.client_1m = 2;
    auto const report = report_of(tighter, lines);
    BOOST_TEST(count(report, "happened", "refused") == 0U);
    BOOST_TEST(count(report, "replayed", "refused") == 1U);
    BOOST_TEST(report.at("replayed").at("refused_by").at("client_1m").to_number<int>() == 1);
    BOOST_TEST(count(report, "replayed", "messages") == 2U);
    BOOST_TEST(count(report, "replayed", "verified") == 1U);
    BOOST_TEST(count(report, "replayed", "honest_refused") == 1U);
    BOOST_TEST(report.at("replayed").at("honest_refused_by").at("client_1m").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(says_that_second_messages_and_variables_are_left_out) {
    timeline lines;
    lines.sent(1, 1);
    auto const has_note = [&](app::settings const& settings, std::string_view begin) {
        auto const notes = report_of(settings, lines).at("notes").as_array();
        return std::ranges::any_of(
            notes, [&](auto const& note) { return note.as_string().starts_with(begin); });
    };
    auto with_both = without_limits();
    otp::route_plan plan;
    plan.name = "login";
    plan.steps.resize(2);
    plan.steps[0].route_id = 3;
    plan.steps[1].route_id = 1;
    plan.hedge = true;
    with_both.otp.plans.push_back(plan);
    app::purpose_settings payment;
    payment.name = "payment";
    payment.variables = {"amount"};
    with_both.purposes.push_back(payment);
    for (auto const* const note : {"no second message is sent", "variables are left out"}) {
        BOOST_TEST(has_note(with_both, note));
        BOOST_TEST(!has_note(without_limits(), note));
    }
}

BOOST_AUTO_TEST_CASE(admits_what_a_looser_limit_admits) {
    timeline lines;
    lines.sent(1, 1);
    lines.line("blocked", 1,
               R"(,"reason":"cooldown","error":"cooldown_active","limits":"cooldown")");
    auto const same = report_of(without_limits(), lines);
    BOOST_TEST(same.at("happened").at("refused_by") == same.at("replayed").at("refused_by"));
    auto looser = without_limits();
    looser.otp.cooldown.base = std::chrono::seconds(0);
    auto const report = report_of(looser, lines);
    BOOST_TEST(count(report, "happened", "refused") == 1U);
    BOOST_TEST(count(report, "replayed", "refused") == 0U);
    BOOST_TEST(count(report, "replayed", "messages") == 2U);
}

BOOST_AUTO_TEST_CASE(lets_solved_challenges_pass_the_guard) {
    auto guarded = without_limits();
    guarded.otp.pumping.enabled = true;
    guarded.otp.pumping.country_out_max = 1;
    for (bool const is_solved : {false, true}) {
        timeline lines;
        lines.sent(1, 1);
        lines.of("admitted", 2, 2, is_solved ? ",\"challenge\":true" : "");
        lines.of("accepted", 2, 2);
        auto const report = report_of(guarded, lines);
        BOOST_TEST(count(report, "replayed", "refused") == (is_solved ? 0U : 1U));
    }
}

// A user whose second SMS is refused types the code of the first.
BOOST_AUTO_TEST_CASE(refuses_nobody_who_has_an_earlier_code) {
    timeline lines;
    lines.sent(1, 1);
    lines.at += 60'000;
    lines.sent(1, 2);
    lines.verified(1, 2);
    auto tighter = without_limits();
    tighter.limits.number_24h = 1;
    auto const report = report_of(tighter, lines);
    BOOST_TEST(count(report, "replayed", "refused") == 1U);
    BOOST_TEST(count(report, "replayed", "honest_refused") == 0U);
    BOOST_TEST(count(report, "replayed", "verified") == 1U);
}

// The cooldown of a send that the upstream refused is short.
BOOST_AUTO_TEST_CASE(lets_a_send_end_as_it_did) {
    timeline lines;
    lines.of("admitted", 1, 1);
    lines.of("not_sent", 1, 1, R"(,"reason":"vendor_failed")");
    lines.at += 10'000; // more than rejected_backoff_seconds
    lines.sent(1, 2);
    auto const report = report_of(without_limits(), lines);
    BOOST_TEST(count(report, "replayed", "refused") == 0U);
    BOOST_TEST(count(report, "replayed", "messages") == 1U);
}

BOOST_AUTO_TEST_CASE(has_the_same_output_twice_and_merges_its_files) {
    timeline lines;
    std::vector<std::string> parts(2);
    for (int n = 1; n <= 40; ++n) {
        auto const before = lines.text.size();
        lines.sent(n % 7 + 1, n);
        parts[static_cast<std::size_t>(n % 2)] += lines.text.substr(before);
    }
    test::temporary_directory const directory;
    auto const whole = directory.add("whole", lines.text);
    auto const odd = directory.add("odd", parts[1]);
    auto const even = directory.add("even", parts[0]);
    auto const settings = without_limits();
    auto const output = app::run_backtest(settings, {whole}, false).output;
    BOOST_TEST(app::run_backtest(settings, {whole}, false).output == output);
    BOOST_TEST(app::run_backtest(settings, {even, odd}, false).output == output);
}

BOOST_AUTO_TEST_CASE(counts_what_it_cannot_read_and_fails_if_that_is_all) {
    timeline lines;
    lines.sent(1, 1);
    lines.text += "not json\n\n{\"event\":\"admitted\"}\n" + std::string(100'000, 'x') + '\n';
    lines.sent(2, 2);
    auto const report = report_of(without_limits(), lines);
    BOOST_TEST(report.at("lines").to_number<int>() == 4);
    BOOST_TEST(report.at("bad_lines").to_number<int>() == 3);
    BOOST_TEST(count(report, "replayed", "messages") == 2U);

    test::temporary_directory const directory;
    for (auto const& path : {directory.add("bad", "x\n"), directory.path() + "/missing"}) {
        auto const nothing = app::run_backtest(without_limits(), {path}, false);
        BOOST_TEST(nothing.code == 2);
        BOOST_TEST(nothing.output == "");
        BOOST_TEST(nothing.errors != "");
    }
}

BOOST_AUTO_TEST_CASE(tells_of_lines_without_pseudonyms) {
    timeline lines;
    lines.text =
        R"({"event":"admitted","at_ms":1790000000000,"client":"default","purpose":"login"})"
        "\n";
    auto const report = report_of(without_limits(), lines);
    BOOST_TEST(report.at("lines_without_pseudonyms").to_number<int>() == 1);
    BOOST_TEST(count(report, "replayed", "sends") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
