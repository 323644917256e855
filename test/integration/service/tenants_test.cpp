// Several clients of one service: each sees its own messages and its own spending. The operator, on
// the admin listener, sees everything.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <cstring>
#include <future>

using namespace otpd::test;

namespace {

constexpr char const* operators_token = "token-of-the-operator";

std::string client_named(std::string const& name) {
    return "[[client]]\nname = \"" + name + "\"\ntoken_sha256 = [\"" + sha256_of("token-" + name) +
           "\"]\n";
}

struct two_clients {
    explicit two_clients(environment more = {}, std::string const& config = {})
        : service(std::move(more) | environment{{"OTPD_ADMIN_TOKEN", operators_token}},
                  client_named("a") + client_named("b") + config) {}

    static http_request by(std::string const& token, http_request const& request) {
        return request.with("Authorization", "Bearer " + token);
    }
    raw_reply a(http_request const& request) { return service.client.ask(by("token-a", request)); }
    raw_reply b(http_request const& request) { return service.client.ask(by("token-b", request)); }
    raw_reply to_admin(std::string const& token, http_request const& request) {
        return http_client(service.otpd.admin_port()).ask(by(token, request));
    }
    json::object sent_by_a(std::string const& number) {
        auto const reply = a(service.send_request(number));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return object_of(reply);
    }

    service_fixture service;
};

std::string whole_text_of(raw_reply const& problem) {
    auto members = object_of(problem);
    members.erase("instance");
    return json::serialize(members);
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_tenants)

BOOST_AUTO_TEST_CASE(one_clients_sends_leave_anothers_limits_on_a_number_alone) {
    two_clients with(
        environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}, {"OTPD_LIMITS_NUMBER_10M", "2"}});
    auto const request = with.service.send_request(with.service.fresh_number());
    for (int n = 0; n < 2; ++n)
        check_outcome(with.a(request), 200);
    check_outcome(with.a(request), 429, "limit_exceeded");
    auto const sent = with.b(request);
    check_outcome(sent, 200);
    BOOST_TEST(sent.field("RateLimit").starts_with("\"number_10m\";r=1;"));
    check_outcome(with.b(request), 200);
    check_outcome(with.b(request), 429, "limit_exceeded");
}

// The operator sees in the metrics what the client must not learn.
BOOST_AUTO_TEST_CASE(the_bound_over_all_clients_does_not_show_one_the_sends_of_another) {
    two_clients with(environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"},
                                 {"OTPD_LIMITS_NUMBER_10M", "0"},
                                 {"OTPD_LIMITS_NUMBER_24H", "0"},
                                 {"OTPD_LIMITS_ALL_CLIENTS_24H", "3"}});
    auto const request = with.service.send_request(with.service.fresh_number());
    for (int n = 0; n < 3; ++n)
        check_outcome(with.a(request), 200);
    auto const refused = with.b(request);
    check_outcome(refused, 429, "limit_exceeded");
    BOOST_TEST(refused.field("Retry-After") == "3600");
    BOOST_TEST(!refused.has("RateLimit"));
    BOOST_TEST(!refused.has("RateLimit-Policy"));
    BOOST_TEST(!object_of(refused).contains("violated"));
    BOOST_TEST(refused.body.find("all_clients") == std::string::npos);
    BOOST_TEST(with.service.otpd.metrics().find(
                   R"(otpd_limit_violations_total{limit="all_clients_24h",mode="enforce"} 1)") !=
               std::string::npos);
    check_outcome(with.b(with.service.send_request(with.service.fresh_number())), 200);
}

BOOST_AUTO_TEST_CASE(no_figure_tells_a_client_of_the_sends_of_another) {
    two_clients with(environment{{"OTPD_LIMITS_CLIENT_1M", "600"},
                                 {"OTPD_LIMITS_PREFIX_1H", "100"},
                                 {"OTPD_LIMITS_GLOBAL_1M", "1000"}});
    auto const sent = with.a(with.service.send_request(with.service.fresh_number()));
    check_outcome(sent, 200);
    auto const id = std::string(object_of(sent).at("verification_id").as_string());
    auto const shown = sent.field("RateLimit-Policy") + with.a(get("/verifications/" + id)).body;
    for (auto const* own : {"number_10m", "number_24h", "client_1m"})
        BOOST_TEST(shown.find(own) != std::string::npos, shown);
    for (auto const* shared : {"prefix_1h", "global_1m"})
        BOOST_TEST(shown.find(shared) == std::string::npos, shown);
    auto const health = object_of(with.a(get("/health")));
    BOOST_TEST(health.contains("version"));
    BOOST_TEST(!health.contains("active_otps"));
}

BOOST_AUTO_TEST_CASE(a_message_is_seen_by_who_sent_it_and_by_the_operator) {
    two_clients with;
    auto const sent = with.sent_by_a(with.service.fresh_number());
    auto const path = "/deliveries/" + std::string(sent.at("bx_message_id").as_string());
    auto const named =
        path + "?verification_id=" + std::string(sent.at("verification_id").as_string());
    check_outcome(with.a(get(path)), 200);
    check_outcome(with.a(get(named)), 200);
    check_outcome(with.to_admin(operators_token, get(path)), 200);

    auto const asked = with.service.stub.requests().size();
    auto const absent = with.b(get("/deliveries/BX-1"));
    check_outcome(absent, 404, "delivery_not_found");
    for (auto const& others : {path, named}) {
        auto const reply = with.b(get(others));
        BOOST_TEST(reply.status == 404U);
        BOOST_TEST(whole_text_of(reply) == whole_text_of(absent));
    }
    // The response time reveals nothing either.
    BOOST_TEST(with.service.stub.requests().size() == asked);
}

BOOST_AUTO_TEST_CASE(spending_is_each_client_s_own_and_the_account_the_operator_s) {
    two_clients with({}, "[[budget]]\nname = \"each_day\"\nkey = \"client\"\nperiod = "
                         "\"day\"\ncap = 5\n[[budget]]\nname = \"all_day\"\nkey = \"total\"\n"
                         "period = \"day\"\ncap = 50\n");
    with.sent_by_a(with.service.fresh_number());
    auto const of_a = object_of(with.a(get("/balance")));
    auto const of_b = object_of(with.b(get("/balance")));
    BOOST_TEST(of_a.at("spent_today").to_number<double>() == 0.091);
    BOOST_TEST(of_b.at("spent_today").to_number<double>() == 0);
    for (auto const& own : {of_a, of_b}) {
        BOOST_TEST(own.at("balance").is_null());
        BOOST_TEST(own.at("username").is_null());
        BOOST_REQUIRE(own.at("budgets").as_array().size() == 1U);
        BOOST_TEST(own.at("budgets").at(0).at("name").as_string() == "each_day");
    }
    auto const everything = object_of(with.to_admin(operators_token, get("/balance")));
    BOOST_TEST(everything.at("balance").is_number());
    BOOST_TEST(everything.at("spent_today").to_number<double>() == 0.091);
    BOOST_TEST(everything.at("budgets").at(0).at("name").as_string() == "all_day");
}

BOOST_AUTO_TEST_CASE(the_operator_s_token_neither_sends_nor_verifies) {
    two_clients with;
    auto const number = with.service.fresh_number();
    check_outcome(with.a(get("/routes/scores")), 403, "operator_only");
    check_outcome(with.to_admin(operators_token, get("/routes/scores")), 200);
    for (auto const* path : {"/numbers/unlock", "/numbers/forget-devices"}) {
        auto const request = post(path, {{"client", "a"}, {"phone_number", number}});
        check_outcome(with.a(request), 403, "operator_only");
        check_outcome(with.to_admin("token-a", request), 401, "unauthorized");
    }
    for (auto const* path : {"/routes/scores", "/balance", "/deliveries/BX-1"})
        for (auto const* token : {"token-a", "", "token-of-the-operato"})
            check_outcome(with.to_admin(token, get(path)), 401, "unauthorized");
    for (auto const& request : {with.service.send_request(number),
                                with.service.verify_request(number, "123456"), get("/balance")})
        check_outcome(with.service.client.ask(two_clients::by(operators_token, request)), 401,
                      "unauthorized");
    check_outcome(with.to_admin(operators_token, with.service.send_request(number)), 404,
                  "not_found");
    BOOST_TEST(with.service.stub.messages().empty());
}

// The number's user has locked himself out with each of his clients. The operator lets him in with
// one of them.
BOOST_AUTO_TEST_CASE(the_operator_unlocks_a_number_of_one_client) {
    two_clients with(environment{{"OTPD_OTP_CONSECUTIVE_FAILURES_MAX", "3"}});
    auto const number = with.service.fresh_number();
    auto const code_in = [](raw_reply const& sent) {
        check_outcome(sent, 200);
        return std::string(object_of(sent).at("debug_code").as_string());
    };
    auto const lock = [&](auto const& ask) {
        auto const code = code_in(ask(with.service.send_request(number)));
        for (int n = 0; n < 3; ++n)
            check_outcome(ask(with.service.verify_request(number, wrong_code(code))), 400,
                          "invalid_code");
        check_outcome(ask(with.service.verify_request(number, code)), 429, "attempts_exceeded");
        return code;
    };
    auto const a = [&](http_request const& request) { return with.a(request); };
    auto const b = [&](http_request const& request) { return with.b(request); };
    auto const code_of_a = lock(a);
    auto const code_of_b = lock(b);

    auto const release = [&](char const* path, char const* client) {
        return with.to_admin(operators_token, post(path, {{"client", client},
                                                          {"phone_number", '+' + number},
                                                          {"reason", "ticket 4711"}}));
    };
    check_outcome(release("/numbers/unlock", "c"), 404, "client_not_found");
    check_outcome(release("/numbers/unlock", "default"), 404, "client_not_found");
    auto const unlocked = release("/numbers/unlock", "a");
    check_outcome(unlocked, 200);
    BOOST_TEST(object_of(unlocked).at("wrong_guesses").to_number<int>() == 3);
    BOOST_TEST(object_of(unlocked).at("failures_in_a_row").to_number<int>() == 3);
    check_outcome(a(with.service.verify_request(number, code_of_a)), 200);
    check_outcome(b(with.service.verify_request(number, code_of_b)), 429, "attempts_exceeded");
    check_outcome(release("/numbers/forget-devices", "b"), 200);

    auto const metrics = with.service.otpd.metrics();
    for (auto const* part : {"locks", "devices"})
        BOOST_TEST(metrics.find("otpd_numbers_released_total{part=\"" + std::string(part) +
                                "\"} 1") != std::string::npos);
    BOOST_TEST(with.service.otpd.stop() == 0);
    auto const check_line = [&](char const* event, char const* client, raw_reply const* reply) {
        auto const lines = with.service.otpd.events(event);
        BOOST_REQUIRE(lines.size() == 1U);
        auto const& line = lines.front();
        BOOST_TEST(line.at("level").as_string() == "warn");
        BOOST_TEST(line.at("by").as_string() == "(operator)");
        BOOST_TEST(line.at("client").as_string() == client);
        BOOST_TEST(line.at("reason").as_string() == "ticket 4711");
        BOOST_TEST(line.at("outcome").as_string() == "done");
        BOOST_TEST(line.at("phone").as_string() == "*******" + number.substr(7));
        if (reply != nullptr)
            BOOST_TEST(line.at("request_id").as_string() == reply->field("X-Request-Id"));
        BOOST_TEST(json::serialize(line).find(number) == std::string::npos);
    };
    check_line("number_unlocked", "a", &unlocked);
    check_line("devices_forgotten", "b", nullptr);
}

BOOST_AUTO_TEST_CASE(the_operator_finds_a_number_with_every_client) {
    two_clients with;
    auto const number = with.service.fresh_number();
    auto const sent = with.sent_by_a(number);
    auto const find = [&](char const* path) {
        return with.to_admin(operators_token, post(path, {{"phone_number", '+' + number}}));
    };
    auto const found = object_of(find("/numbers/find"));
    BOOST_TEST(found.at("phone_number").as_string() == "*******" + number.substr(7));
    BOOST_TEST_REQUIRE(found.at("clients").as_array().size() == 1U);
    auto const& of_a = found.at("clients").at(0);
    BOOST_TEST(of_a.at("client").as_string() == "a");
    auto const& one = of_a.at("verifications").at(0);
    BOOST_TEST((one.at("verification_id") == sent.at("verification_id")));
    BOOST_TEST((one.at("message").at("bx_message_id") == sent.at("bx_message_id")));
    BOOST_TEST(!object_of(find("/numbers/limits")).at("limits").as_array().empty());
    auto const path = "/verifications/" + std::string(sent.at("verification_id").as_string());
    check_outcome(with.b(get(path)), 404, "verification_not_found");
    auto const seen = with.to_admin(operators_token, get(path));
    check_outcome(seen, 200);
    BOOST_TEST(object_of(seen).at("client").as_string() == "a");
    auto const clients = with.to_admin(operators_token, get("/clients"));
    BOOST_TEST(object_of(clients).at("clients").as_array().size() == 2U);
    BOOST_TEST(clients.body.find(sha256_of("token-a")) == std::string::npos);
    for (auto const& entry : {post("/numbers/find", {{"phone_number", number}}),
                              post("/numbers/limits", {{"phone_number", number}}),
                              get("/destinations"), post("/destinations", json::object()),
                              post("/destinations/end", json::object()), get("/clients")}) {
        check_outcome(with.a(entry), 404, "not_found");
        check_outcome(with.service.client.ask(two_clients::by(operators_token, entry)), 404,
                      "not_found");
        check_outcome(with.to_admin("token-a", entry), 401, "unauthorized");
    }
    BOOST_TEST(with.service.otpd.stop() == 0);
    BOOST_TEST(with.service.otpd.process().output().find(number) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_operator_denies_a_destination_until_it_is_ended) {
    two_clients with(environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}});
    auto const number = with.service.fresh_number();
    auto const change = [&](char const* path, json::object body) {
        body["destination"] = number.substr(0, 5);
        body["action"] = "deny";
        body["reason"] = "ticket 4711";
        return with.to_admin(operators_token, post(path, body));
    };
    with.sent_by_a(number);
    auto const denied = change("/destinations", {{"for_seconds", 3600}});
    check_outcome(denied, 200);
    check_outcome(with.a(with.service.send_request(number)), 403, "destination_not_allowed");
    auto const list = object_of(with.to_admin(operators_token, get("/destinations")));
    BOOST_TEST(list.at("destinations").as_array().size() == 1U);
    check_outcome(change("/destinations/end", {}), 200);
    check_outcome(change("/destinations/end", {}), 404, "destination_not_found");
    with.sent_by_a(number);
    BOOST_TEST(with.service.otpd.stop() == 0);
    auto const lines = with.service.otpd.events("destination_override");
    BOOST_TEST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(lines[0].at("level").as_string() == "warn");
    BOOST_TEST(lines[0].at("by").as_string() == "(operator)");
    BOOST_TEST(lines[0].at("request_id").as_string() == denied.field("X-Request-Id"));
    BOOST_TEST(lines[0].at("outcome").as_string() == "made");
    BOOST_TEST(lines[1].at("outcome").as_string() == "ended");
}

BOOST_AUTO_TEST_CASE(without_an_operator_s_token_the_admin_listener_shows_metrics_alone) {
    service_fixture service;
    http_client admin(service.otpd.admin_port());
    check_outcome(admin.ask(get("/metrics")), 200);
    for (auto const* path : {"/routes/scores", "/balance", "/deliveries/BX-1"}) {
        check_outcome(admin.ask(get(path)), 404, "not_found");
    }
    check_outcome(admin.ask(post("/numbers/unlock", json::object())), 404, "not_found");
}

// Without a [[client]] there is nobody to keep anything from.
BOOST_AUTO_TEST_CASE(the_one_token_sees_everything_while_there_is_no_other_client) {
    service_fixture service(environment{{"API_AUTH_TOKEN", "the-only-token"}});
    auto const ask = [&service](http_request const& request) {
        return service.client.ask(request.with("Authorization", "Bearer the-only-token"));
    };
    auto const sent = object_of(ask(service.send_request(service.fresh_number())));
    check_outcome(ask(get("/deliveries/" + std::string(sent.at("bx_message_id").as_string()))),
                  200);
    BOOST_TEST(object_of(ask(get("/balance"))).at("balance").is_number());
    check_outcome(ask(get("/routes/scores")), 200);
}

// Four places: one is reserved for each of both clients, two are shared. A client without a place
// is answered immediately.
BOOST_AUTO_TEST_CASE(no_client_s_long_polls_keep_another_from_waiting) {
    two_clients with(environment{{"OTPD_DELIVERY_WAITERS_MAX", "4"}});
    auto const finds = [&with] {
        constexpr char const* series =
            "\notpd_store_operation_duration_seconds_count{operation=\"find\"} ";
        auto const text = with.service.otpd.metrics();
        auto const at = text.find(series);
        return at == std::string::npos ? 0 : std::stod(text.substr(at + std::strlen(series)));
    };
    auto const poll_by = [](std::string const& token, json::object const& sent) {
        auto const id = std::string(sent.at("verification_id").as_string());
        return two_clients::by(token, get("/verifications/" + id + "?wait=25"));
    };
    auto const code_in = [](json::object const& sent) {
        return std::string(sent.at("debug_code").as_string());
    };
    auto const number_of_a = with.service.fresh_number();
    auto const of_a = with.sent_by_a(number_of_a);
    std::vector<http_request> const many(20, poll_by("token-a", of_a));
    auto crowd = std::async(std::launch::async, [&, port = with.service.otpd.port()] {
        return ask_in_parallel(port, many, many.size());
    });
    eventually([&] { return finds() >= 20; });

    auto const number_of_b = with.service.fresh_number();
    auto const of_b = object_of(with.b(with.service.send_request(number_of_b)));
    auto const before = finds();
    auto waiting = std::async(std::launch::async, [&, port = with.service.otpd.port()] {
        return http_client(port).ask(poll_by("token-b", of_b));
    });
    eventually([&] { return finds() > before; });
    BOOST_TEST((waiting.wait_for(std::chrono::seconds(2)) == std::future_status::timeout));
    check_outcome(with.b(with.service.verify_request(number_of_b, code_in(of_b))), 200);
    BOOST_TEST(object_of(waiting.get()).at("state").as_string() == "verified");
    check_outcome(with.a(with.service.verify_request(number_of_a, code_in(of_a))), 200);
    BOOST_TEST(count_status(crowd.get(), 200) == many.size());
}

BOOST_AUTO_TEST_SUITE_END()
