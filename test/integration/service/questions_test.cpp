// Reads of routes, prices, money and messages, and the maximum price of a send, against the real
// stub.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <future>

using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(service_questions)

// An SMS with an unknown price counts as `money.assumed_price`, 0.1.
BOOST_AUTO_TEST_CASE(nothing_is_sent_for_more_than_it_may_cost) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const send = [&](std::string const& most) {
        return service.client.ask(post_text("/send-otp", R"({"phone_number":")" + number +
                                                             R"(","max_price":)" + most + "}"));
    };
    auto const refused = send("0.099999");
    check_outcome(refused, 403, "no_route_available");
    BOOST_TEST(json::serialize(object_of(refused).at("steps")) ==
               R"([{"route_id":3,"outcome":"skipped","reason":"price","price":null}])");
    check_outcome(send("\"9.99e-2\""), 422, "validation_failed");
    check_outcome(send("1e-1x"), 422, "validation_failed");
    BOOST_TEST(service.stub.requests().empty());
    check_outcome(send("1e-1"), 200);
}

BOOST_AUTO_TEST_CASE(the_delivery_of_a_message_can_be_queried) {
    service_fixture service(environment{{"OTPD_DELIVERY_STATUS_URL", "https://otp.example.com"}});
    auto const number = service.fresh_number();
    auto const sent = object_of(service.send(number));
    auto const id = std::string(sent.at("bx_message_id").as_string());
    BOOST_TEST(sent.at("delivery_status_url").as_string() ==
               "https://otp.example.com/deliveries/" + id);
    auto const delivery = [&] {
        auto const reply = service.client.ask(get("/deliveries/" + id));
        check_outcome(reply, 200);
        BOOST_TEST(reply.body.find(number) == std::string::npos);
        return std::string(object_of(reply).at("delivery").as_string());
    };
    BOOST_TEST(delivery() == "accepted");
    service.stub.control("POST", "messages", {{"bx_message_id", id}, {"state", "DELIVERED"}});
    BOOST_TEST(delivery() == "delivered");
    check_outcome(service.client.ask(get("/deliveries/" + id + "x")), 404, "delivery_not_found");
}

// The request would carry the account's API key, to whatever path the upstream's server makes of
// the id.
BOOST_AUTO_TEST_CASE(an_id_that_no_message_has_causes_no_request_upstream) {
    service_fixture service;
    for (auto const& id : {std::string("..%2F..%2Fadmin"), std::string("%2e%2e"),
                           std::string("a%2Fb"), std::string("a%3Fb"), std::string("a.b"),
                           std::string("a%20b"), std::string("%C3%A9"), std::string(65, 'a')}) {
        auto const reply = service.client.ask(get("/deliveries/" + id));
        BOOST_TEST_CONTEXT(id) BOOST_TEST(reply.status == 404U);
    }
    BOOST_TEST(service.stub.requests().empty());
    check_outcome(service.client.ask(get("/deliveries/" + std::string(64, 'a'))), 404,
                  "delivery_not_found");
    BOOST_TEST(service.stub.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(prices_and_the_balance_are_shown_without_sending) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const ask = [&service](http_request const& request) {
        auto const reply = service.client.ask(request);
        check_outcome(reply, 200);
        return reply;
    };
    auto const estimate =
        object_of(ask(post("/estimate", {{"phone_number", number}, {"route_id", 3}})));
    BOOST_TEST(estimate.at("estimated_cost").to_number<double>() == 0.091);
    BOOST_TEST(estimate.at("sufficient_balance").as_bool());
    auto const listed = ask(get("/routes/3/pricing"));
    BOOST_TEST(listed.body.find(R"({"country":"Netherlands","prefix":"31","price":0.091})") !=
               std::string::npos);
    auto const routes = object_of(ask(get("/routes"))).at("routes").as_array();
    BOOST_TEST(routes.at(0).at("route_id").to_number<int>() == 1);
    auto const before = object_of(ask(get("/balance")));
    BOOST_TEST(before.at("spent_today").to_number<double>() == 0);
    BOOST_TEST(service.stub.messages().empty());
    check_outcome(service.send(number), 200);
    auto const after = object_of(ask(get("/balance")));
    BOOST_TEST(after.at("spent_this_hour").to_number<double>() == 0.091);
    BOOST_TEST(before.at("balance").to_number<double>() - after.at("balance").to_number<double>() ==
                   0.091,
               boost::test_tools::tolerance(0.0001));
}

// Reads have connections of their own and never take the last one for sends.
BOOST_AUTO_TEST_CASE(no_send_waits_for_questions_that_hang) {
    service_fixture service(environment{{"OTPD_BRIDGEXAPI_CONNECTIONS_MAX", "1"}});
    for (auto const* const endpoint : {"dlr", "balance", "estimate"})
        service.stub.set_fault({{"fault", "hold"}, {"endpoint", endpoint}});
    std::vector<http_request> questions;
    for (int i = 0; i < 70; ++i)
        questions.push_back(get("/deliveries/BX-" + std::to_string(i)));
    auto const asked = [&service] {
        auto const counts = service.stub.stats().at("by_endpoint").as_object();
        return counts.contains("dlr") ? counts.at("dlr").to_number<int>() : 0;
    };
    auto asking = std::async(std::launch::async, [&, port = service.otpd.port()] {
        return ask_in_parallel(port, questions, questions.size());
    });
    eventually([&] { return asked() >= 5; }); // they have all places
    check_outcome(service.send(service.fresh_number()), 200);
    auto answers = asking.get();
    answers.push_back(service.client.ask(get("/balance")));
    BOOST_TEST(count_status(answers, 502) + count_status(answers, 503) == answers.size());
}

BOOST_AUTO_TEST_CASE(one_client_s_questions_are_limited) {
    service_fixture service(environment{{"OTPD_LIMITS_READS_CLIENT_1M", "3"}});
    for (auto const* const path : {"/routes", "/balance", "/routes/scores"})
        check_outcome(service.client.ask(get(path)), 200);
    auto const refused = service.client.ask(get("/deliveries/BX-1"));
    check_outcome(refused, 429, "limit_exceeded");
    BOOST_TEST(refused.field("RateLimit-Policy") == "\"reads_client_1m\";q=3;w=60");
    BOOST_TEST(refused.field("RateLimit").starts_with("\"reads_client_1m\";r=0;t="));
    auto const number = service.fresh_number();
    check_outcome(service.client.ask(post("/estimate", {{"phone_number", number}})), 429);
    check_outcome(service.send(number), 200);
}

BOOST_AUTO_TEST_CASE(a_query_that_is_misspelt_is_refused) {
    service_fixture service;
    for (auto const* const wrong :
         {"?contry=NL", "?country=NL&country=NL", "?country=nl", "?window=59", "?%70urpose=%0A"}) {
        auto const reply = service.client.ask(get("/routes/scores" + std::string(wrong)));
        check_outcome(reply, 422, "validation_failed");
        BOOST_TEST(object_of(reply).at("errors").at(0).at("loc").at(0).as_string() == "query");
    }
    check_outcome(service.client.ask(get("/routes/scores?window=3600&country=NL")), 200);
}

BOOST_AUTO_TEST_SUITE_END()
