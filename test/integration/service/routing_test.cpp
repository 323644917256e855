// Route plans and budgets against the real stub: exactly one send on the next route if one refuses,
// never a second after an unknown outcome, and no more spending than a cap allows, however many
// clients send at once.

#include "eventually.hpp"
#include "service_fixture.hpp"
#include "support/test_stores.hpp"

using namespace otpd::test;

namespace {

constexpr std::string_view login_plan = R"(
[[route_plan]]
name = "login"
purposes = ["login"]
steps = [{route = 8, caller_id = "YOURAPP"}, {route = 1}, {route = 2}]
)";

constexpr std::string_view plan_of_three = R"(
[[route_plan]]
name = "login"
purposes = ["login"]
steps = [{route = 1}, {route = 2}, {route = 3}]
)";

json::object send_fault(char const* name, json::object options = {}) {
    options["fault"] = name;
    options["endpoint"] = "send_sms";
    options["count"] = 1;
    return options;
}

json::object refusal(unsigned status, json::value detail) {
    return send_fault("status", {{"status", status}, {"detail", std::move(detail)}});
}

struct routed {
    service_fixture service{{}, login_plan};

    /// "8 1": the routes of the sends to a number, in order.
    std::string routes_asked(std::string const& number) {
        std::string routes;
        for (auto const& request : service.stub.requests()) {
            if (request.at("endpoint").as_string() != "send_sms") continue;
            auto const body = json::parse(request.at("body").as_string()).as_object();
            if (body.at("numbers").as_array().at(0).as_string() != number) continue;
            routes.append(routes.empty() ? "" : " ")
                .append(std::to_string(body.at("route_id").to_number<int>()));
        }
        return routes;
    }
    /// "step 8 rejected vendor_failed": the events about routes.
    std::string steps_of(std::string const& id) {
        auto const reply = service.client.ask(get("/verifications/" + id));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        std::string text;
        auto const view = object_of(reply);
        for (auto const& entry : view.at("events").as_array()) {
            auto const& event = entry.as_object();
            if (!event.contains("route_id")) continue;
            text.append(text.empty() ? "" : ", ").append(event.at("event").as_string());
            text.append(" ").append(std::to_string(event.at("route_id").to_number<int>()));
            for (auto const* const name : {"outcome", "reason"})
                if (event.contains(name)) text.append(" ").append(event.at(name).as_string());
        }
        return text;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(service_routing)

BOOST_AUTO_TEST_CASE(each_refusal_of_route_8_leads_to_exactly_one_send_on_route_1) {
    routed with;
    std::vector<std::pair<std::string, json::object>> const refusals{
        {"authentication", refusal(401, "Invalid or inactive API Key")},
        {"invalid_route", refusal(400, "Invalid route_id")},
        {"route_not_authorized", refusal(403, "You are not authorized for route 8")},
        {"caller_id_not_allowed", refusal(403, "Sender ID not allowed for route 8")},
        {"insufficient_balance", refusal(402, "Insufficient balance")},
        {"no_pricing", refusal(400, "No pricing available for destination")},
        {"vendor_failed", send_fault("vendor")},
        {"rate_limited", send_fault("rate")},
        {"invalid_request",
         refusal(422, json::array{json::object{{"msg", "wrong"}, {"type", "value_error"}}})}};
    for (auto const& [reason, fault] : refusals)
        BOOST_TEST_CONTEXT(reason) {
            auto const number = with.service.fresh_number();
            with.service.stub.set_fault(fault);
            auto const reply = with.service.send(number);
            BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
            auto const sent = object_of(reply);
            BOOST_TEST(sent.at("route_id").to_number<int>() == 1);
            BOOST_TEST(sent.at("route_plan").as_string() == "login");
            auto const steps = sent.at("steps").as_array();
            BOOST_TEST(steps.at(0).at("outcome").as_string() == "rejected");
            BOOST_TEST(steps.at(0).at("reason").as_string() == reason);
            BOOST_TEST(steps.at(1).at("outcome").as_string() == "accepted");
            BOOST_TEST(with.routes_asked(number) == "8 1");
            BOOST_TEST(with.service.stub.messages(number).size() == 1U);
            std::string const id(sent.at("verification_id").as_string());
            BOOST_TEST(with.steps_of(id) ==
                       "step 8 chosen, step 8 rejected " + reason + ", step 1 chosen, accepted 1");
        }
}

BOOST_AUTO_TEST_CASE(after_an_unknown_outcome_nothing_is_sent_again) {
    routed with;
    std::vector<json::object> const faults{send_fault("drop_before"),
                                           send_fault("drop_after"),
                                           send_fault("reset"),
                                           send_fault("cut"),
                                           send_fault("truncate"),
                                           send_fault("html"),
                                           send_fault("unsuccess"),
                                           send_fault("empty"),
                                           send_fault("array"),
                                           send_fault("garbage"),
                                           send_fault("redirect", {{"location", "/elsewhere"}})};
    for (auto const& fault : faults)
        BOOST_TEST_CONTEXT(fault.at("fault")) {
            auto const number = with.service.fresh_number();
            with.service.stub.set_fault(fault);
            auto const reply = with.service.send(number);
            check_outcome(reply, 504, "delivery_unknown");
            BOOST_TEST(object_of(reply).at("steps").as_array().size() == 1U);
            BOOST_TEST(with.routes_asked(number) == "8");
        }
}

BOOST_AUTO_TEST_CASE(an_explicit_route_takes_no_other) {
    routed with;
    auto const number = with.service.fresh_number();
    with.service.stub.set_fault(send_fault("vendor"));
    auto const reply =
        with.service.client.ask(post("/send-otp", {{"phone_number", number}, {"route_id", 2}}));
    check_outcome(reply, 502, "upstream_rejected");
    BOOST_TEST(with.routes_asked(number) == "2");
}

BOOST_AUTO_TEST_CASE(a_route_that_keeps_failing_is_skipped_and_the_plan_continues) {
    service_fixture service({{"OTPD_ROUTES_FAILURES_TO_OPEN", "3"}}, login_plan);
    service.stub.control("POST", "config", {{"sender_ids", json::array{"OTHER"}}});
    // Refusals, however many, are no failures of the route.
    for (int n = 0; n < 5; ++n)
        check_outcome(service.send(service.fresh_number()), 200);
    BOOST_TEST(service.otpd.events("route_breaker_opened").empty());
    service.stub.control("POST", "config", {{"sender_ids", json::array{"YOURAPP"}}});
    auto const asked = [&] { return service.stub.requests().size(); };
    for (int n = 0; n < 3; ++n) {
        service.stub.set_fault(send_fault("vendor"));
        check_outcome(service.send(service.fresh_number()), 200);
    }
    service.otpd.wait_for_event("route_breaker_opened");
    auto const before = asked();
    auto const reply = service.send(service.fresh_number());
    check_outcome(reply, 200);
    BOOST_TEST(asked() == before + 1);
    auto const steps = object_of(reply).at("steps").as_array();
    BOOST_TEST(steps.at(0).at("reason").as_string() == "circuit_open");
}

// A failure ends the cooldown, so the user can ask again at once.
BOOST_AUTO_TEST_CASE_TEMPLATE(sends_whose_messages_fail_go_1_2_3, Store, all_stores) {
    Store store;
    environment settings{{"OTPD_DELIVERY_ENABLED", "true"}, {"OTPD_DELIVERY_INTERVAL_MS", "500"}};
    service_fixture service(settings | store.settings(), plan_of_three);
    service.stub.control("POST", "config",
                         {{"dlr", json::object{{"sent_seconds", 3600}, {"final_seconds", 3600}}}});
    auto const number = service.fresh_number();
    std::string steps;
    for (int n = 1; n <= 3; ++n) {
        auto const reply = service.send(number);
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        auto const sent = object_of(reply);
        BOOST_TEST(sent.at("route_id").to_number<int>() == n);
        auto const& listed = sent.at("steps").as_array();
        BOOST_TEST(listed.size() == static_cast<std::size_t>(n));
        for (std::size_t i = 0; i + 1 < listed.size(); ++i) {
            BOOST_TEST(listed[i].at("outcome").as_string() == "skipped");
            BOOST_TEST(listed[i].at("reason").as_string() == "tried_before");
        }
        service.stub.control("POST", "messages", {{"number", number}, {"state", "FAILED"}});
        std::string const id(sent.at("verification_id").as_string());
        eventually([&] {
            auto const view = object_of(service.client.ask(get("/verifications/" + id)));
            return view.at("delivery").as_string() == "failed";
        });
    }
    BOOST_TEST(service.stub.messages(number).size() == 3U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(of_200_parallel_resends_one_is_sent_by_the_next_step, Store,
                              all_stores) {
    Store store;
    environment settings{{"OTPD_DELIVERY_ENABLED", "true"}, {"OTPD_DELIVERY_INTERVAL_MS", "500"}};
    service_fixture service(settings | store.settings(), plan_of_three);
    service.stub.control("POST", "config",
                         {{"dlr", json::object{{"sent_seconds", 3600}, {"final_seconds", 3600}}}});
    auto const number = service.fresh_number();
    auto const first = object_of(service.send(number));
    service.stub.control("POST", "messages", {{"number", number}, {"state", "FAILED"}});
    std::string const id(first.at("verification_id").as_string());
    eventually([&] {
        auto const view = object_of(service.client.ask(get("/verifications/" + id)));
        return view.at("delivery").as_string() == "failed";
    });
    std::vector<http_request> const requests(200, service.send_request(number));
    auto const replies = ask_in_parallel(service.otpd.port(), requests, requests.size());
    BOOST_TEST(count_status(replies, 200) == 1U);
    BOOST_TEST(service.stub.messages(number).size() == 2U);
    for (auto const& reply : replies)
        if (reply.status == 200) BOOST_TEST(object_of(reply).at("route_id").to_number<int>() == 2);
}

// The price is known beforehand: exactly as many sends as the cap pays for.
BOOST_AUTO_TEST_CASE_TEMPLATE(of_64_parallel_senders_as_many_send_as_the_cap_pays_for, Store,
                              all_stores) {
    Store store;
    environment settings{{"OTPD_MONEY_PRICE_LIFETIME_SECONDS", "3600"}};
    service_fixture service(settings | store.settings(), R"(
[[budget]]
name = "of_the_day"
key = "total"
period = "day"
cap = "1.00"
)");
    eventually([&] { return service.otpd.events("price_list_loaded").size() >= 7; });
    std::vector<http_request> requests;
    for (int n = 0; n < 64; ++n)
        requests.push_back(service.send_request(service.fresh_number()));
    auto const replies = ask_in_parallel(service.otpd.port(), requests, requests.size());
    constexpr std::size_t affordable = 10; // at 0.091 on route 3
    BOOST_TEST(count_status(replies, 200) == affordable);
    BOOST_TEST(service.stub.messages().size() == affordable);
    for (auto const& reply : replies) {
        if (reply.status == 200) continue;
        check_outcome(reply, 429, "limit_exceeded");
        BOOST_TEST(object_of(reply).at("violated").at(0).at("limit").as_string() == "of_the_day");
    }
    auto const balance = object_of(service.client.ask(get("/balance")));
    BOOST_TEST(json::serialize(balance.at("spent_today")) == "9.1E-1");
}

// The cap is a budget like any other: reserved in the admission, and reported with the budgets.
BOOST_AUTO_TEST_CASE_TEMPLATE(the_daily_cap_holds_over_parallel_senders_whether_or_not_limits_do,
                              Store, all_stores) {
    for (auto const* const limits_enabled : {"true", "false"}) {
        Store store;
        environment settings{{"OTPD_MONEY_PRICE_LIFETIME_SECONDS", "3600"},
                             {"OTPD_MONEY_DAILY_CAP", "1.00"},
                             {"OTPD_LIMITS_ENABLED", limits_enabled}};
        service_fixture service(settings | store.settings());
        eventually([&] { return service.otpd.events("price_list_loaded").size() >= 7; });
        std::vector<http_request> requests;
        for (int n = 0; n < 64; ++n)
            requests.push_back(service.send_request(service.fresh_number()));
        auto const replies = ask_in_parallel(service.otpd.port(), requests, requests.size());
        BOOST_TEST(count_status(replies, 200) == 10U); // at 0.091 on route 3
        BOOST_TEST(service.stub.messages().size() == 10U);
        for (auto const& reply : replies) {
            if (reply.status == 200) continue;
            check_outcome(reply, 429, "limit_exceeded");
            auto const violated = object_of(reply).at("violated").at(0);
            BOOST_TEST(violated.at("limit").as_string() == "daily_cap");
            BOOST_TEST(violated.at("retry_after_seconds").to_number<int>() <= 24 * 60 * 60);
        }
        auto const budget = object_of(service.client.ask(get("/balance"))).at("budgets").at(0);
        BOOST_TEST(budget.at("name").as_string() == "daily_cap");
        BOOST_TEST(budget.at("period").as_string() == "day");
        BOOST_TEST(budget.at("cap").to_number<double>() == 1.0);
        BOOST_TEST(budget.at("spent").to_number<double>() == 0.91);
        BOOST_TEST(service.otpd.metrics().find(
                       R"(otpd_limit_violations_total{limit="daily_cap",mode="enforce"} 54)") !=
                   std::string::npos);
    }
}

// For a user who has set nothing, a loop in a program or a stranger costs no more than this on the
// first day.
BOOST_AUTO_TEST_CASE(on_a_loopback_address_the_cap_is_50_unless_another_is_set) {
    environment settings{{"OTPD_MONEY_DAILY_CAP", ""}, {"OTPD_MONEY_ASSUMED_PRICE", "50"}};
    service_fixture service(settings);
    auto const logged = service.otpd.events("daily_cap");
    BOOST_TEST_REQUIRE(logged.size() == 1U);
    BOOST_TEST(logged[0].at("cap").to_number<double>() == 50.0);
    BOOST_TEST(logged[0].at("by_default").as_bool());
    check_outcome(service.send(service.fresh_number()), 200); // and it was 0.091
    auto const over = service.send(service.fresh_number());
    check_outcome(over, 429, "limit_exceeded");
    BOOST_TEST(object_of(over).at("violated").at(0).at("limit").as_string() == "daily_cap");
}

BOOST_AUTO_TEST_CASE(a_start_without_any_bound_on_spending_says_so) {
    service_fixture service;
    auto const logged = service.otpd.events("daily_cap");
    BOOST_TEST_REQUIRE(logged.size() == 1U);
    BOOST_TEST(logged[0].at("level").as_string() == "warn");
    BOOST_TEST(logged[0].at("cap").to_number<double>() == 0.0);
}

// Somebody else spends from the account, until it is nearly empty.
BOOST_AUTO_TEST_CASE(drift_and_a_low_balance_of_the_account_are_reported) {
    service_fixture service({{"OTPD_MONEY_BALANCE_INTERVAL_SECONDS", "1"},
                             {"OTPD_MONEY_BALANCE_LOW", "10"},
                             {"OTPD_MONEY_DRIFT_TOLERANCE", "5"}});
    auto const drift = [&] {
        auto const reply = object_of(service.client.ask(get("/balance"))).at("ledger_drift");
        return reply.is_null() ? -1.0 : reply.to_number<double>();
    };
    auto const set_balance = [&](double units) {
        service.stub.control("POST", "config", {{"balance", units}});
    };
    eventually([&] { return drift() >= 0; }); // two reads of the stub's million
    check_outcome(service.send(service.fresh_number()), 200);
    set_balance(999'900);
    service.otpd.wait_for_event("ledger_drift");
    BOOST_TEST(service.otpd.events("balance_low").empty());
    set_balance(9);
    service.otpd.wait_for_event("balance_low");
    BOOST_TEST(service.otpd.events("ledger_drift").size() == 1U); // once, not at each read
}

// If a price is higher than expected, the cap is exceeded by at most the difference for the sends
// in flight.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_cap_is_passed_by_no_more_than_what_the_expected_price_missed, Store,
                              all_stores) {
    Store store;
    environment settings{{"OTPD_MONEY_ASSUMED_PRICE", "0.05"}};
    service_fixture service(settings | store.settings(), R"(
[[budget]]
name = "of_the_day"
key = "total"
period = "day"
cap = "1.00"
)");
    std::vector<http_request> requests;
    for (int n = 0; n < 128; ++n)
        requests.push_back(service.send_request(service.fresh_number()));
    ask_in_parallel(service.otpd.port(), requests, 64);
    auto const sent = static_cast<std::int64_t>(service.stub.messages().size());
    constexpr std::int64_t cap = 1'000'000;
    constexpr std::int64_t real = 91'000;
    constexpr std::int64_t expected = 50'000;
    BOOST_TEST(sent * real >= cap - real);
    BOOST_TEST(sent * real - cap <= sent * (real - expected));
    check_outcome(service.send(service.fresh_number()), 429, "limit_exceeded"); // and it stays so
}

BOOST_AUTO_TEST_SUITE_END()
