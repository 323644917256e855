// Sends by plan and price, and their timeline, as the document describes them.

#include "api_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>

using namespace otpd;
using namespace openapi_test;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace asio = boost::asio;
using bridgexapi::reason;

namespace {

std::string const by_plan = R"({"phone_number":"31612345678","route_plan":"two"})";

/// A plan `two` with the routes 8 and 1, and one, `eight`, with eight steps.
otp::policy with_plans() {
    auto rules = with_debug_codes();
    auto const plan_of = [](char const* name, std::vector<int> const& routes) {
        otp::route_plan plan;
        plan.name = name;
        for (auto const route : routes)
            plan.steps.emplace_back().route_id = route;
        return plan;
    };
    rules.plans = {plan_of("two", {8, 1}), plan_of("eight", {1, 2, 3, 4, 5, 7, 8, 1})};
    return rules;
}

/// Sets the result of messages on route 8; all others are accepted.
void let_route_8(service& s, bridgexapi::send_outcome const& result) {
    s.gateway.on_send = [result](bridgexapi::sms const& message) -> bridgexapi::send_outcome {
        if (message.route_id == 8) return result;
        return test::fake_gateway::default_receipt();
    };
}

/// Route and outcome of each step.
std::string steps_of(json::value const& answer) {
    std::string all;
    for (auto const& entry : answer.at("steps").as_array()) {
        all += std::to_string(entry.at("route_id").to_number<int>()) + ' ';
        all += std::string(entry.at("outcome").as_string()) + ' ';
        all += entry.at("reason").is_null() ? "-" : std::string(entry.at("reason").as_string());
        all += '\n';
    }
    return all;
}

std::string verification_of(json::value const& sent) {
    return "/verifications/" + std::string(sent.at("verification_id").as_string());
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_routing)

BOOST_AUTO_TEST_CASE(a_send_lists_each_route_that_it_considered) {
    service s(with_plans());
    s.prices.of = {{8, cents(9)}};
    let_route_8(s, bridgexapi::rejected{reason::vendor_failed});
    auto const sent = s.post("/send-otp", by_plan, 200);
    BOOST_TEST(sent.at("route_plan").as_string() == "two");
    BOOST_TEST(sent.at("route_id").to_number<int>() == 1);
    BOOST_TEST(steps_of(sent) == "8 rejected vendor_failed\n1 accepted -\n");
    BOOST_TEST(sent.at("steps").at(0).at("price").to_number<double>() == 0.09);
    BOOST_TEST(sent.at("steps").at(1).at("price").is_null());

    auto const kept = s.get(verification_of(sent), 200);
    BOOST_TEST(s.last.body.find(R"("event":"step","route_id":8,"outcome":"rejected",)"
                                R"("reason":"vendor_failed","price":0.09})") != std::string::npos);
    BOOST_TEST(kept.at("route_id").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(a_send_by_route_has_no_plan) {
    service s(with_plans());
    auto const sent = s.post("/send-otp", R"({"phone_number":"31612345678","route_id":8})", 200);
    BOOST_TEST(sent.at("route_plan").is_null());
    BOOST_TEST(steps_of(sent) == "8 accepted -\n");
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_not_there_or_not_alone) {
    service s(with_plans());
    auto const refused = [&s](char const* body) { return s.refused("/send-otp", body, 422); };
    BOOST_TEST(refused(R"({"phone_number":"31612345678","route_plan":"three"})") ==
               "route_plan_unknown");
    BOOST_TEST(refused(R"({"phone_number":"31612345678","route_plan":"two","route_id":8})") ==
               "validation_failed");
    BOOST_TEST(refused(R"({"phone_number":"31612345678","route_plan":""})") == "validation_failed");
    BOOST_TEST(refused(R"({"phone_number":"31612345678","max_price":0})") == "validation_failed");
    BOOST_TEST(refused(R"({"phone_number":"31612345678","max_price":[]})") == "validation_failed");
    BOOST_TEST(s.gateway.sent().empty());
}

// Exact to the millionth: floating point would make 0.09 as good as less.
BOOST_AUTO_TEST_CASE(a_price_may_be_as_high_as_the_limit_and_no_higher) {
    service s(with_plans());
    s.prices.of = {{8, cents(9)}, {1, cents(10)}};
    auto const body = [](char const* most) {
        return R"({"phone_number":"31612345678","route_plan":"two","max_price":)" +
               std::string(most) + '}';
    };
    auto const refused = s.post("/send-otp", body("0.089999"), 403);
    BOOST_TEST(refused.at("code").as_string() == "no_route_available");
    BOOST_TEST(steps_of(refused) == "8 skipped price\n1 skipped price\n");
    BOOST_TEST(s.gateway.sent().empty());
    BOOST_TEST(steps_of(s.post("/send-otp", body(R"("0.09")"), 200)) == "8 accepted -\n");
}

BOOST_AUTO_TEST_CASE(every_end_of_a_plan) {
    service s(with_plans());
    auto const send = [&s](char const* number, bridgexapi::send_outcome const& result,
                           unsigned status) {
        s.gateway.on_send = [result](bridgexapi::sms const&) { return result; };
        auto const body =
            json::serialize(json::object{{"phone_number", number}, {"route_plan", "two"}});
        return steps_of(s.post("/send-otp", body, status));
    };
    BOOST_TEST(send("31612345670", bridgexapi::rejected{reason::no_pricing}, 502) ==
               "8 rejected no_pricing\n1 rejected no_pricing\n");
    BOOST_TEST(send("31612345671", bridgexapi::not_sent{reason::circuit_open}, 503) ==
               "8 not_sent circuit_open\n1 not_sent circuit_open\n");
    BOOST_TEST(send("31612345672", bridgexapi::unknown{reason::timed_out}, 504) ==
               "8 unknown timed_out\n");
}

BOOST_AUTO_TEST_CASE(a_repeated_send_gets_the_same_steps) {
    service s(with_plans());
    let_route_8(s, bridgexapi::not_sent{reason::connect_failed});
    s.fields = {{"Idempotency-Key", "k"}};
    s.post("/send-otp", by_plan, 200);
    auto const first = s.last.body;
    let_route_8(s, test::fake_gateway::default_receipt());
    s.post("/send-otp", by_plan, 200);
    BOOST_TEST(s.last.body == first);
}

// The stored reply for a repeated send is bounded: otp::idempotency.
BOOST_AUTO_TEST_CASE(a_send_of_eight_steps_can_be_kept_for_its_key) {
    constexpr std::size_t most_bytes = 4096;
    service s(with_plans());
    for (int route = 1; route <= 8; ++route)
        s.prices.of[route] = money::from_micros(999'999'999'999'999);
    unsigned asked = 0;
    s.gateway.on_send = [&asked](bridgexapi::sms const&) -> bridgexapi::send_outcome {
        if (++asked < 8) return bridgexapi::rejected{reason::caller_id_not_allowed};
        return test::fake_gateway::default_receipt();
    };
    s.fields = {{"Idempotency-Key", "k"}};
    auto const body = R"({"phone_number":"31612345678","route_plan":"eight","purpose":")" +
                      std::string(50, 'x') + "\"}";
    auto const sent = s.post("/send-otp", body, 200);
    BOOST_TEST(sent.at("steps").as_array().size() == 8U);
    BOOST_TEST(s.last.body.size() < most_bytes / 2);
}

BOOST_AUTO_TEST_CASE(reports_are_where_the_operator_wants_them) {
    service at_the_upstream;
    auto const where = [](service& s) {
        auto const sent = s.post("/send-otp", R"({"phone_number":"31612345678"})", 200);
        return std::string(sent.at("delivery_status_url").as_string());
    };
    BOOST_TEST(where(at_the_upstream) ==
               "https://hi.bridgexapi.io/api/v1/dlr/BX-22953-c5f4f53431ed22c2");
    service here(with_debug_codes(), {client_of("default")}, nullptr, "https://otp.example.com");
    BOOST_TEST(where(here) == "https://otp.example.com/deliveries/BX-22953-c5f4f53431ed22c2");
}

BOOST_AUTO_TEST_CASE(waiting_for_a_change_ends_with_it) {
    service s;
    auto const sent = s.post("/send-otp", R"({"phone_number":"31612345678"})", 200);
    auto const target = verification_of(sent) + "?wait=60"; // a call keeps views of it
    service::call waiting(s, http::method::get, target, {});
    std::optional<http::response> answer;
    asio::co_spawn(s.context, waiting.start(),
                   [&answer](std::exception_ptr const& thrown, http::response got) {
                       BOOST_REQUIRE(!thrown);
                       answer = std::move(got);
                   });
    s.context.restart();
    s.context.poll(); // until it waits
    BOOST_TEST(!answer);
    json::object const guess{{"phone_number", "31612345678"}, {"code", s.gateway.last_code()}};
    s.post("/verify-otp", json::serialize(guess), 200);
    auto const end = std::chrono::steady_clock::now() + 20s; // before the wait would end by itself
    while (!answer && s.context.run_one_until(end) != 0) {
    }
    BOOST_REQUIRE(answer.has_value());
    auto const body = check_described(*answer, "/verifications/{id}", "get");
    BOOST_TEST(body.at("state").as_string() == "verified");
}

BOOST_AUTO_TEST_CASE(not_waiting_is_an_answer_at_once) {
    service s;
    auto const path =
        verification_of(s.post("/send-otp", R"({"phone_number":"31612345678"})", 200));
    s.get(path + "?wait=0", 200);
    for (auto const* wrong :
         {"?wait=61", "?wait=-1", "?wait=1.5", "?wait=", "?wait", "?wait=1&wait=1", "?wiat=1"})
        BOOST_TEST((s.get(path + wrong, 422).at("errors").as_array().size() == 1U), wrong);
    auto const nobody = "/verifications/" + std::string(64, '0');
    s.get(nobody + "?wait=60", 404);
}

BOOST_AUTO_TEST_SUITE_END()
