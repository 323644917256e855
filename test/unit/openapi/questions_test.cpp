// Reads of routes, prices, money and deliveries, as the document describes them.

#include "api_service.hpp"

#include <boost/json/serialize.hpp>

#include <array>

using namespace otpd;
using namespace openapi_test;
using namespace std::chrono_literals;
namespace json = boost::json;
using bridgexapi::reason;

namespace {

otp::delivery_view report_of(store::delivery state) {
    otp::delivery_view view;
    view.bx_message_id = "BX-1";
    view.phone = "*******5678";
    view.state = state;
    view.status = "DELIVERED";
    view.created_at = "2026-11-25T16:35:00Z";
    view.asked_at = test::manual_clock().wall();
    return view;
}

bridgexapi::delivery_report report_with(char const* status) {
    bridgexapi::delivery_report report;
    report.bx_message_id = "BX-1";
    report.msisdn = "31612345678";
    report.status = status;
    report.route_id = 3;
    report.order_id = "22000";
    report.created_at = "2026-11-25T16:35:00Z";
    return report;
}

std::string word_of(json::value const& delivery) {
    return std::string(delivery.at("delivery").as_string());
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_questions)

BOOST_AUTO_TEST_CASE(what_became_of_a_message) {
    service s;
    s.get("/deliveries/BX-1", 404);
    s.reads.report = report_with("SENT");
    auto const asked = s.get("/deliveries/BX-1", 200);
    BOOST_TEST(word_of(asked) == "accepted");
    BOOST_TEST(asked.at("phone_number").as_string() == "*******5678");
    BOOST_TEST(asked.at("route_id").to_number<int>() == 3);
    BOOST_TEST(asked.at("error").is_null());
    s.reads.report->error = "absent subscriber";
    s.reads.report->status = "FAILED";
    BOOST_TEST(word_of(s.get("/deliveries/BX-1", 200)) == "failed");
    // A final report is not requested again.
    s.deliveries.last = report_of(store::delivery::delivered);
    BOOST_TEST(word_of(s.get("/deliveries/BX-1", 200)) == "delivered");
    BOOST_TEST(s.last.body.find("31612345678") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(routes_that_are_allowed) {
    auto rules = with_debug_codes();
    rules.allowed_routes = {3};
    service s(std::move(rules));
    auto const routes = s.get("/routes", 200).at("routes").as_array();
    BOOST_REQUIRE(routes.size() == 1U);
    BOOST_TEST(routes[0].at("route_id").to_number<int>() == 3);
    BOOST_TEST(routes[0].at("category").as_string() == "standard");
    service all;
    auto const of_8 = all.get("/routes", 200).at("routes").at(1);
    for (auto const* name :
         {"category", "access_policy", "active", "allowed", "caller_id_required"})
        BOOST_TEST(of_8.at(name).is_null(), name);
}

BOOST_AUTO_TEST_CASE(prices_of_a_route) {
    service s;
    auto const list = s.get("/routes/3/pricing", 200);
    BOOST_TEST(list.at("route_id").to_number<int>() == 3);
    BOOST_TEST(list.at("prices").at(0).at("price").to_number<double>() == 0.09);
    BOOST_TEST(list.at("prices").at(1).at("price").is_null());
    for (auto const* other : {"/routes/6/pricing", "/routes/0/pricing", "/routes/-1/pricing"})
        s.get(other, 403);
    http::path_parameters parameters;
    for (auto const* strange : {"/routes/x/pricing", "/routes/3.0/pricing", "/routes//pricing",
                                "/routes/99999999999/pricing"})
        BOOST_TEST((s.routes.find(http::method::get, strange, parameters).call == nullptr),
                   strange);
}

BOOST_AUTO_TEST_CASE(what_an_sms_would_cost) {
    service s;
    auto const cost =
        s.post("/estimate", R"({"phone_number":"+31612345678","purpose":"x","route_id":8})", 200);
    BOOST_TEST(cost.at("route_id").to_number<int>() == 8);
    BOOST_TEST(cost.at("estimated_cost").to_number<double>() == 0.09);
    BOOST_TEST(s.last.body.find(R"("balance":158.46,)") != std::string::npos);
    s.post("/estimate", R"({"phone_number":"+31612345678","route_id":6})", 403);
    s.post("/estimate", R"({"phone_number":"3165186067"})", 422); // in no plan
    BOOST_TEST(s.gateway.sent().empty());
}

BOOST_AUTO_TEST_CASE(what_there_is_to_spend) {
    auto rules = with_debug_codes();
    otp::spending_budget of_route_3;
    of_route_3.name = "route3_month";
    of_route_3.key = otp::budget_key::route;
    of_route_3.period = otp::budget_period::month;
    of_route_3.cap = cents(50'000);
    of_route_3.only = "3";
    otp::spending_budget all;
    all.name = "all_day";
    all.cap = cents(1000);
    rules.budgets = {of_route_3, all};
    service s(std::move(rules));
    s.post("/send-otp", R"({"phone_number":"31612345678","route_id":3})", 200); // for 0.087
    auto const money = s.get("/balance", 200);
    BOOST_TEST(money.at("sandbox").is_null());
    BOOST_TEST(money.at("username").as_string() == "example");
    for (auto const* name : {"spent_this_hour", "spent_today", "spent_this_month"})
        BOOST_TEST(money.at(name).to_number<double>() == 0.087, name);
    auto const& budgets = money.at("budgets").as_array();
    BOOST_REQUIRE(budgets.size() == 2U);
    BOOST_TEST(budgets[0].at("only").as_string() == "3");
    BOOST_TEST(budgets[0].at("period").as_string() == "month");
    BOOST_TEST(budgets[0].at("spent").to_number<double>() == 0.087);
    BOOST_TEST(budgets[1].at("only").is_null());
    BOOST_TEST(budgets[1].at("cap").to_number<int>() == 10);
}

BOOST_AUTO_TEST_CASE(how_well_routes_did) {
    service s;
    otp::route_score of_8;
    of_8.route_id = 8;
    of_8.country = "NL";
    of_8.sent = 3;
    of_8.accepted = 2;
    of_8.failed = 1;
    of_8.accepted_share = {1.0 / 3, 3, otp::interval<double>{0.25, 0.5}};
    of_8.delivery_seconds_median = {3.25, 2};
    of_8.cost_per_verified = {money::from_micros(106'015), 1};
    otp::route_score unknown;
    unknown.route_id = 3;
    s.stats.all = {unknown, of_8};
    auto const answer = s.get("/routes/scores", 200);
    BOOST_TEST(answer.at("window_seconds").to_number<int>() == 86'400);
    BOOST_TEST(answer.at("age_seconds").to_number<int>() == 4);
    BOOST_TEST(answer.at("scores").at(0).at("country").is_null());
    auto const score = answer.at("scores").at(1);
    BOOST_TEST(score.at("accepted_share").at("value").to_number<double>() == 1.0 / 3);
    BOOST_TEST(score.at("accepted_share").at("samples").to_number<int>() == 3);
    BOOST_TEST(score.at("accepted_share").at("low").to_number<double>() == 0.25);
    BOOST_TEST(score.at("accepted_share").at("high").to_number<double>() == 0.5);
    BOOST_TEST(score.at("failed").to_number<int>() == 1);
    BOOST_TEST(score.at("verified_share").is_null());
    BOOST_TEST(s.last.body.find(R"("cost_per_verified":{"value":0.106015,"samples":1})") !=
               std::string::npos);
    s.stats.read_ago.reset();
    BOOST_TEST(s.get("/routes/scores?country=NL&window=3600", 200).at("age_seconds").is_null());
    BOOST_TEST(s.stats.asked.country == "NL");
    BOOST_TEST((s.stats.asked.window == 3600s));
}

BOOST_AUTO_TEST_CASE(figures_of_something_strange) {
    service s;
    for (auto const* wrong : {"?country=nl", "?country=NLD", "?country=", "?country=%C3%89",
                              "?purpose=login", "?window=3599", "?window=86401", "?window=1h",
                              "?window=3600&window=3600", "?route_id=3", "?%"})
        BOOST_TEST(
            (s.get("/routes/scores" + std::string(wrong), 422).at("errors").as_array().size() ==
             1U),
            wrong);
    auto const both = s.get("/routes/scores?country=x&window=x", 422);
    BOOST_TEST(both.at("errors").as_array().size() == 2U);
    BOOST_TEST(json::serialize(both.at("errors").at(0).at("loc")) == R"(["query","country"])");
}

// If the upstream was not reached, a retry helps. If it was reached and failed, a retry mostly
// fails again.
BOOST_AUTO_TEST_CASE(an_upstream_that_does_not_answer) {
    service s;
    std::array const cases{
        std::pair{reason::connect_failed, 503U}, std::pair{reason::circuit_open, 503U},
        std::pair{reason::pool_exhausted, 503U}, std::pair{reason::timed_out, 502U},
        std::pair{reason::authentication, 502U}, std::pair{reason::protocol_error, 502U}};
    for (auto const& [why, status] : cases) {
        s.reads.fails = why;
        for (auto const* path : {"/routes", "/routes/3/pricing", "/balance", "/deliveries/BX-1"}) {
            auto const problem = s.get(path, status);
            BOOST_TEST(problem.at("code").as_string() == "upstream_failed");
            BOOST_TEST(problem.at("reason").as_string() == bridgexapi::to_string(why));
        }
        s.post("/estimate", R"({"phone_number":"31612345678"})", status);
    }
}

// --- several clients ----------------------------------------------------------------------------

namespace {

std::vector<api::credential> tenants() {
    std::vector<api::credential> both{client_of("a", {"token-a"}), client_of("b", {"token-b"})};
    for (auto& entry : both)
        entry.profile.is_tenant = true;
    return both;
}

} // namespace

// The verification decides whose message it is: a's and not b's.
BOOST_AUTO_TEST_CASE(a_client_sees_its_own_messages_only) {
    service s(with_debug_codes(), tenants());
    s.reads.report = report_with("DELIVERED");
    s.authorization = "Bearer token-a";
    auto const sent = s.post("/send-otp", R"({"phone_number":"31612345678"})", 200);
    std::string const bx(sent.at("bx_message_id").as_string());
    std::string const id(sent.at("verification_id").as_string());
    auto const shown_by = [](std::string const& verification) {
        return "?verification_id=" + verification;
    };
    s.get("/deliveries/" + bx + shown_by(id), 200);
    auto const without_instance = [](json::value problem) {
        problem.as_object().erase("instance");
        return json::serialize(problem);
    };
    auto const absent = without_instance(s.get("/deliveries/BX-1" + shown_by(id), 404));
    for (auto const& other : {std::string(), shown_by("x"), shown_by(std::string(64, '0'))})
        BOOST_TEST(without_instance(s.get("/deliveries/" + bx + other, 404)) == absent);
    s.authorization = "Bearer token-b";
    BOOST_TEST(without_instance(s.get("/deliveries/" + bx + shown_by(id), 404)) == absent);
    s.get("/deliveries/" + bx + "?verification=x", 422);
}

BOOST_AUTO_TEST_CASE(a_client_sees_its_own_spending_and_nothing_of_the_account) {
    auto rules = with_debug_codes();
    auto const budget = [&rules](char const* name, otp::budget_key key, char const* only) {
        otp::spending_budget one;
        one.name = name;
        one.key = key;
        one.only = only;
        one.cap = money::from_micros(10'000'000);
        rules.budgets.push_back(std::move(one));
    };
    budget("everything", otp::budget_key::total, "");
    budget("each", otp::budget_key::client, "");
    budget("of_a", otp::budget_key::client, "a");
    budget("of_b", otp::budget_key::client, "b");
    service s(std::move(rules), tenants());
    s.authorization = "Bearer token-a";
    s.post("/send-otp", R"({"phone_number":"31612345678"})", 200);

    auto const balance_of = [&s](std::string const& token) {
        s.authorization = "Bearer " + token;
        auto shown = s.get("/balance", 200).as_object();
        std::string budgets;
        for (auto const& entry : shown.at("budgets").as_array()) {
            budgets += std::string(entry.at("name").as_string()) + ' ';
            BOOST_TEST(entry.at("only").as_string() == token.substr(token.size() - 1));
            BOOST_TEST(entry.at("spent").to_number<double>() ==
                       shown.at("spent_today").to_number<double>());
        }
        for (auto const* hidden :
             {"balance", "sandbox", "username", "ledger_drift", "spent_this_hour"})
            BOOST_TEST(shown.at(hidden).is_null());
        return budgets + std::to_string(shown.at("spent_today").to_number<double>()) + ' ' +
               std::to_string(shown.at("spent_this_month").to_number<double>());
    };
    BOOST_TEST(balance_of("token-a") == "each of_a 0.087000 0.087000");
    BOOST_TEST(balance_of("token-b") == "each of_b 0.000000 0.000000");
    BOOST_TEST(
        s.post("/estimate", R"({"phone_number":"31612345678"})", 200).at("balance").is_null());
}

BOOST_AUTO_TEST_CASE(scores_of_all_are_not_for_one_of_several_clients) {
    service s(with_debug_codes(), tenants());
    s.authorization = "Bearer token-a";
    BOOST_TEST(s.get("/routes/scores", 403).at("code").as_string() == "operator_only");
    BOOST_TEST(s.get("/routes/scores?x=y", 403).at("code").as_string() == "operator_only");
}

// A link in the answer to a send works at every instance.
BOOST_AUTO_TEST_CASE(where_there_are_several_clients_a_report_s_address_names_the_verification) {
    service s(with_debug_codes(), tenants(), nullptr, "https://otp.example.com");
    s.authorization = "Bearer token-a";
    auto const sent = s.post("/send-otp", R"({"phone_number":"31612345678"})", 200);
    BOOST_TEST(sent.at("delivery_status_url").as_string() ==
               "https://otp.example.com/deliveries/BX-22953-c5f4f53431ed22c2?verification_id=" +
                   std::string(sent.at("verification_id").as_string()));
}

BOOST_AUTO_TEST_SUITE_END()
