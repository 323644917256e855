// What callers of the API may rely on: tokens, bodies, errors, attempts, cooldown.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <fstream>
#include <thread>

using namespace otpd::test;

namespace {

/// A problem without what differs between two requests.
std::string text_without_ids(raw_reply const& reply) {
    auto problem = object_of(reply);
    problem.erase("instance");
    return json::serialize(problem);
}

http_request with_token(http_request const& request, std::string const& value) {
    return request.with("Authorization", value);
}

json::object send_body(std::string const& number, std::string const& purpose) {
    return {{"phone_number", number}, {"purpose", purpose}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_api)

// A request that came through a proxy or from a stranger's page must not see codes or cause sends.
BOOST_AUTO_TEST_CASE(a_server_that_shows_codes_or_asks_for_no_token_is_for_this_machine_only) {
    std::string const token = "Tok3n-of-this-instance-4c1d9e";
    environment const with_debug{{"DEBUG_OTP", "true"}};
    environment const without_debug{{"DEBUG_OTP", "false"}};
    environment const with_a_token{{"API_AUTH_TOKEN", token}};
    for (auto const& [settings, is_for_others] :
         {std::pair(with_debug, false), std::pair(without_debug, false),
          std::pair(with_debug | with_a_token, false),
          std::pair(without_debug | with_a_token, true)}) {
        service_fixture service(settings);
        auto const send = [&](char const* field, char const* value) {
            return service.client.ask(
                with_token(service.send_request(service.fresh_number()).with(field, value),
                           "Bearer " + token));
        };
        auto const expect = [&](raw_reply const& reply) {
            check_outcome(reply, is_for_others ? 200 : 403, "local_only");
        };
        expect(send("X-Forwarded-For", "127.0.0.1"));
        expect(send("Via", "1.1 vegur"));
        expect(send("Origin", "https://shop.example"));
        raw_client rebound(service.otpd.port());
        rebound.send("GET /livez HTTP/1.1\r\nHost: shop.example:8000\r\n\r\n");
        expect(rebound.read_reply().value());
        BOOST_TEST(service.stub.messages().size() == (is_for_others ? 3U : 0U));
        // The reference page has the same origin.
        auto const origin = "http://localhost:" + std::to_string(service.otpd.port());
        check_outcome(send("Origin", origin.c_str()), 200);
    }
}

BOOST_AUTO_TEST_CASE(a_token_opens_what_it_guards_and_nothing_like_it_does) {
    std::string const token = "Tok3n-of-this-instance";
    service_fixture service(environment{{"API_AUTH_TOKEN", token}});
    auto const number = service.fresh_number();
    std::vector<http_request> const guarded{service.send_request(number),
                                            service.verify_request(number, "123456"),
                                            get("/config"),
                                            get("/balance"),
                                            get("/routes"),
                                            get("/routes/scores"),
                                            get("/routes/3/pricing"),
                                            get("/deliveries/BX-1"),
                                            post("/numbers/unlock", {{"phone_number", number}}),
                                            post("/estimate", {{"phone_number", number}})};
    // Only a few, because the tenth wrong token in a minute is the last one without a delay.
    std::vector<std::string> wrong{"Bearer",
                                   "Bearer ",
                                   "Bearer " + token.substr(0, token.size() - 1),
                                   "Bearer " + token + "x",
                                   "Bearer tok3n-of-this-instance",
                                   "Bearer\t" + token,
                                   "Basic " + token,
                                   token,
                                   "Bearer " + std::string(7000, 'x')};
    for (auto const& request : guarded) {
        auto const without = service.client.ask(request);
        check_outcome(without, 401, "unauthorized");
        BOOST_TEST(without.field("WWW-Authenticate") == R"(Bearer realm="otpd")");
        BOOST_TEST(object_of(without).at("detail").as_string() == "Unauthorized.");
        for (auto const& value : wrong) {
            auto const reply = service.client.ask(with_token(request, value));
            check_outcome(reply, 401, "unauthorized");
            BOOST_TEST(text_without_ids(reply) == text_without_ids(without));
        }
        wrong = {"Bearer " + token + "x"}; // for the other paths
        // A token beyond every limit is simply wrong; two tokens are not even a valid request.
        auto const beyond =
            service.client.ask(with_token(request, "Bearer " + std::string(2'000'000, 'x')));
        check_outcome(beyond, 401, "unauthorized");
        BOOST_TEST(text_without_ids(beyond) == text_without_ids(without));
        check_outcome(service.client.ask(with_token(with_token(request, "Bearer " + token), "x")),
                      400, "repeated_field");
    }
    BOOST_TEST(service.stub.requests().empty());
    for (auto const* const scheme : {"Bearer ", "bearer ", "BEARER ", "Bearer  "})
        check_outcome(service.client.ask(with_token(get("/config"), scheme + token)), 200);
    auto const sent =
        service.client.ask(with_token(service.send_request(number), "Bearer " + token));
    check_outcome(sent, 200);
    auto const code = std::string(object_of(sent).at("debug_code").as_string());
    check_outcome(
        service.client.ask(with_token(service.verify_request(number, code), "Bearer " + token)),
        200);
    for (auto const* const open : {"/health", "/livez", "/readyz", "/docs", "/openapi.json"})
        check_outcome(service.client.ask(get(open)), 200);
}

// A stranger at the same address as an honest client locks that client out of nothing.
BOOST_AUTO_TEST_CASE(wrong_tokens_are_counted_and_logged_once_and_a_right_one_is_served) {
    service_fixture service(environment{{"API_AUTH_TOKEN", "Tok3n-of-this-instance"}});
    auto const ask = [&service](std::string const& token) {
        return service.client.ask(with_token(get("/config"), "Bearer " + token));
    };
    for (int i = 0; i < 12; ++i)
        check_outcome(ask("guess"), 401, "unauthorized");
    check_outcome(ask("Tok3n-of-this-instance"), 200);
    auto const metrics = service.otpd.metrics();
    for (auto const* const sample :
         {R"(otpd_http_wrong_tokens_total{answer="at_once",listener="api"} 10)",
          R"(otpd_http_wrong_tokens_total{answer="late",listener="api"} 2)"})
        BOOST_TEST(metrics.find(sample) != std::string::npos, sample);
    eventually([&service] { return !service.otpd.events("wrong_tokens").empty(); });
    auto const logged = service.otpd.events("wrong_tokens");
    BOOST_TEST(logged.size() == 1U);
    BOOST_TEST(logged.front().at("client").as_string() == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(only_json_is_read) {
    service_fixture service;
    auto request = service.send_request(service.fresh_number());
    for (auto const* const type : {"text/plain", "application/x-www-form-urlencoded",
                                   "application/jsonx", "application/json2; charset=utf-8"}) {
        request.fields.front().second = type;
        check_outcome(service.client.ask(request), 415, "unsupported_media_type");
    }
    request.fields.clear();
    check_outcome(service.client.ask(request), 415, "unsupported_media_type");
    BOOST_TEST(service.stub.requests().empty());
    request = request.with("Content-Type", "Application/JSON; charset=utf-8");
    check_outcome(service.client.ask(request), 200);
}

// RFC 9110 12.5.3, 15.5.16. A gzip body is not reported as bad JSON.
BOOST_AUTO_TEST_CASE(a_body_in_a_content_coding_is_refused_with_the_one_that_is_taken) {
    service_fixture service;
    auto const request = service.send_request(service.fresh_number());
    for (auto const* const coding : {"gzip", "br", "deflate", "x-gzip", "identity, gzip", "zstd"}) {
        auto const reply = service.client.ask(request.with("Content-Encoding", coding));
        check_outcome(reply, 415, "unsupported_media_type");
        BOOST_TEST(reply.field("Accept-Encoding") == "identity");
    }
    check_outcome(
        service.client.ask(
            request.with("Content-Encoding", "identity").with("Content-Encoding", "gzip")),
        415, "unsupported_media_type");
    BOOST_TEST(service.stub.requests().empty());
    check_outcome(service.client.ask(request.with("Content-Encoding", "Identity")), 200);
}

BOOST_AUTO_TEST_CASE(a_code_verifies_as_people_type_and_copy_it) {
    service_fixture service;
    auto const spelled = [](std::string const& code, std::string_view between, bool wide) {
        std::string text;
        for (std::size_t i = 0; i < code.size(); ++i) {
            if (i == code.size() / 2) text += between;
            text += wide ? "\xEF\xBC" + std::string(1, static_cast<char>(code[i] - '0' + 0x90))
                         : std::string(1, code[i]);
        }
        return text;
    };
    for (auto const& [before, between, wide] :
         {std::tuple{" ", "", false}, std::tuple{"", " ", false}, std::tuple{"", "-", false},
          std::tuple{"\n", "", true}}) {
        auto const number = service.fresh_number();
        auto const code = std::string(object_of(service.send(number)).at("debug_code").as_string());
        auto const verify = [&](std::string const& text) {
            return service.client.ask(service.verify_request(number, text));
        };
        check_outcome(verify(spelled(code, "--", wide)), 422, "validation_failed");
        check_outcome(verify(before + spelled(code, between, wide) + before), 200);
    }
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_refused_unread) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto body = json::serialize(json::object{{"phone_number", number}, {"x", ""}});
    auto const padded = [&body](std::size_t size) {
        auto text = body;
        text.insert(text.size() - 2, size - text.size(), 'a');
        return post_text("/send-otp", text);
    };
    check_outcome(service.client.ask(padded(4097)), 413, "body_too_large");
    check_outcome(service.client.ask(padded(3'000'000)), 413, "body_too_large");
    BOOST_TEST(service.stub.requests().empty());
    check_outcome(service.client.ask(padded(4096)), 200);
}

BOOST_AUTO_TEST_CASE(a_body_that_can_be_read_in_two_ways_is_refused) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const other = service.fresh_number();
    std::vector<std::string> const bodies{
        R"({"phone_number":")" + number + R"(","phone_number":")" + other + R"("})",
        R"({"phone_number":")" + number + R"(","\u0070hone_number":")" + other + R"("})",
        R"({"phone_number":")" + number + R"("} {})",
        R"({"phone_number":")" + number + R"(",})",
        R"({"phone_number":")" + number + R"(" /* x */})",
        R"({'phone_number':')" + number + R"('})",
        "\xEF\xBB\xBF{\"phone_number\":\"" + number + "\"}",
        R"({"phone_number":")" + number + "\xFF\"}",
        R"({"phone_number":")" + number + R"(","route_id":1e0})",
        R"({"phone_number":")" + number + R"(","route_id":true})",
        R"({"phone_number":")" + number + R"(","x":)" + std::string(200, '[') +
            std::string(200, ']') + "}",
    };
    for (auto const& body : bodies) {
        auto const reply = service.client.ask(post_text("/send-otp", body));
        BOOST_TEST_CONTEXT("body " << body) {
            check_outcome(reply, 422, "validation_failed");
            BOOST_TEST(!object_of(reply).at("errors").as_array().empty());
        }
    }
    BOOST_TEST(service.stub.requests().empty());
}

BOOST_AUTO_TEST_CASE(every_fault_of_a_body_is_named_at_once) {
    service_fixture service;
    auto const reply = service.client.ask(
        post("/verify-otp", {{"phone_number", 1}, {"purpose", ""}, {"verification_id", "x"}}));
    check_outcome(reply, 422, "validation_failed");
    std::vector<std::string> places;
    auto const problem = object_of(reply);
    for (auto const& fault : problem.at("errors").as_array())
        places.push_back(json::serialize(fault.at("loc")));
    std::ranges::sort(places);
    std::vector<std::string> const all{R"(["body","code"])", R"(["body","phone_number"])",
                                       R"(["body","purpose"])", R"(["body","verification_id"])"};
    BOOST_TEST(places == all, boost::test_tools::per_element());
}

// Only documented methods are allowed, and a 405 lists them.
BOOST_AUTO_TEST_CASE(each_path_answers_its_methods_only) {
    service_fixture service;
    struct {
        char const* path;
        std::string allow;
    } const resources[] = {
        {"/send-otp", "POST, OPTIONS"},
        {"/verify-otp", "POST, OPTIONS"},
        {"/health", "GET, HEAD, OPTIONS"},
        {"/config", "GET, HEAD, OPTIONS"},
        {"/livez", "GET, HEAD, OPTIONS"},
        {"/readyz", "GET, HEAD, OPTIONS"},
        {"/openapi.json", "GET, HEAD, OPTIONS"},
        {"/docs", "GET, HEAD, OPTIONS"},
        {"/numbers/unlock", "POST, OPTIONS"},
        {"/numbers/forget-devices", "POST, OPTIONS"},
        {"/estimate", "POST, OPTIONS"},
        {"/balance", "GET, HEAD, OPTIONS"},
        {"/routes", "GET, HEAD, OPTIONS"},
        {"/routes/scores", "GET, HEAD, OPTIONS"},
        {"/routes/3/pricing", "GET, HEAD, OPTIONS"},
        {"/deliveries/BX-1", "GET, HEAD, OPTIONS"},
    };
    for (auto const& [path, allow] : resources) {
        for (auto const* const method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE",
                                         "CONNECT", "PROPFIND", "get", "FOO"}) {
            if (allow.find(method) != std::string::npos) continue;
            http_request request;
            request.method = method;
            request.target = path;
            BOOST_TEST_CONTEXT(method << ' ' << path) {
                auto const reply = service.client.ask(request);
                if (std::string_view(method) == "CONNECT") { // its target is not a path
                    BOOST_TEST(reply.status >= 400U);
                    continue;
                }
                BOOST_TEST(reply.status == 405U);
                if (std::string_view(method) == "HEAD") continue; // no body to check
                check_outcome(reply, 405, "method_not_allowed");
                BOOST_TEST(reply.field("Allow") == allow);
            }
        }
        http_request options;
        options.method = "OPTIONS";
        options.target = path;
        auto const reply = service.client.ask(options);
        BOOST_TEST(reply.status == 204U);
        BOOST_TEST(reply.field("Allow") == allow);
    }
    for (auto const* const path : {"/nope", "/", "/send-otp/", "/SEND-OTP", "//send-otp",
                                   "/send-otp/x", "/routes/", "/routes/x/pricing", "/deliveries/",
                                   "/routes/3", "/docs/nope", "/docs/../config", "/metrics"})
        check_outcome(service.client.ask(get(path)), 404, "not_found");
    BOOST_TEST(service.stub.requests().empty());
}

BOOST_AUTO_TEST_CASE(head_is_get_without_a_body) {
    service_fixture service;
    for (auto const* const path : {"/health", "/config", "/livez", "/readyz", "/openapi.json"}) {
        auto request = get(path);
        auto const full = service.client.ask(request);
        request.method = "HEAD";
        auto const head = service.client.ask(request);
        BOOST_TEST(head.status == full.status);
        BOOST_TEST(head.field("Content-Length") == full.field("Content-Length"));
        BOOST_TEST(head.field("Content-Type") == full.field("Content-Type"));
    }
}

BOOST_AUTO_TEST_CASE(each_response_has_an_id_and_a_time) {
    service_fixture service;
    for (auto const* const path : {"/health", "/nope"}) {
        auto const made = service.client.ask(get(path));
        BOOST_TEST(made.field("X-Request-Id").size() == 32U);
        BOOST_TEST(std::stod(made.field("X-Process-Time-Ms")) >= 0);
        auto const taken = service.client.ask(get(path).with("X-Request-Id", "My.own_id-1"));
        BOOST_TEST(taken.field("X-Request-Id") == "My.own_id-1");
        for (auto const& bad : {std::string("has blanks"), std::string(65, 'a'),
                                std::string("a\"},{\"b"), std::string()}) {
            auto const replaced = service.client.ask(get(path).with("X-Request-Id", bad));
            BOOST_TEST(replaced.field("X-Request-Id").size() == 32U);
        }
        auto const again = service.client.ask(get(path));
        BOOST_TEST(again.field("X-Request-Id") != made.field("X-Request-Id"));
        BOOST_TEST(!made.has("Server"));
    }
}

// A client that waits for Retry-After is served.
BOOST_AUTO_TEST_CASE(a_send_after_retry_after_succeeds) {
    service_fixture service(environment{{"OTP_SEND_COOLDOWN_SECONDS", "2"}});
    auto const number = service.fresh_number();
    auto const first = service.sent_code(number);
    auto const refused = service.send(number);
    check_outcome(refused, 429, "cooldown_active");
    std::this_thread::sleep_for(std::chrono::seconds(std::stol(refused.field("Retry-After"))));
    auto const second = service.sent_code(number);
    if (first != second) // equal by a chance of one in a million
        check_outcome(service.verify(number, first), 400, "invalid_code");
    check_outcome(service.verify(number, second), 200);
}

// A payment follows its login immediately.
BOOST_AUTO_TEST_CASE(a_verified_number_may_be_sent_to_again) {
    service_fixture service;
    auto const number = service.fresh_number();
    check_outcome(service.verify(number, service.sent_code(number)), 200);
    check_outcome(service.client.ask(post("/send-otp", send_body(number, "payment"))), 200);
    BOOST_TEST(service.stub.messages(number).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_reference_comes_back_and_is_part_of_an_idempotent_request) {
    service_fixture service;
    auto body = send_body(service.fresh_number(), "login");
    body["reference"] = "order-4711";
    auto request = post("/send-otp", body);
    request.fields.emplace_back("Idempotency-Key", "key-1");
    auto const first = service.client.ask(request);
    check_outcome(first, 200);
    auto const sent = object_of(first);
    BOOST_TEST(sent.at("reference").as_string() == "order-4711");
    BOOST_TEST(service.client.ask(request).body == first.body);
    auto const id = std::string(sent.at("verification_id").as_string());
    auto const found = service.client.ask(get("/verifications/" + id));
    BOOST_TEST(object_of(found).at("reference").as_string() == "order-4711");

    body["reference"] = "order-4712";
    request.body = json::serialize(body);
    check_outcome(service.client.ask(request), 422, "idempotency_key_reused");
    auto const plain = object_of(service.send(service.fresh_number()));
    BOOST_TEST(!plain.contains("reference"));
}

// A new purpose does not circumvent the limits: those of the number count all purposes.
BOOST_AUTO_TEST_CASE(another_purpose_waits_a_little) {
    service_fixture service;
    auto const number = service.fresh_number();
    service.sent_code(number);
    check_outcome(service.client.ask(post("/send-otp", send_body(number, "another"))), 429,
                  "cooldown_active");
    BOOST_TEST(service.stub.messages(number).size() == 1U);
}

BOOST_AUTO_TEST_CASE(attempts_are_counted_down_to_a_lock_that_stays) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    for (int left = 4; left >= 0; --left) {
        auto const reply = service.verify(number, wrong_code(code, left));
        check_outcome(reply, 400, "invalid_code");
        BOOST_TEST(object_of(reply).at("attempts_left").to_number<int>() == left);
        BOOST_TEST(object_of(reply).at("detail").as_string() ==
                   "Invalid OTP. Attempts left: " + std::to_string(left));
    }
    for (auto const& guess : {wrong_code(code), code, code}) {
        auto const reply = service.verify(number, guess);
        check_outcome(reply, 429, "attempts_exceeded");
        BOOST_TEST(object_of(reply).at("detail").as_string() == "OTP attempts exceeded.");
    }
}

// A new code brings no new guesses. 20 wrong ones a day lock the number.
BOOST_AUTO_TEST_CASE(resending_does_not_refill_the_guesses) {
    service_fixture service(environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"},
                                        {"OTPD_LIMITS_NUMBER_10M", "0"},
                                        {"OTP_MAX_ATTEMPTS", "10"},
                                        {"OTPD_OTP_GUESS_WAIT_SECONDS", "0"}});
    auto const number = service.fresh_number();
    int evaluated = 0;
    for (int round = 0; round < 8; ++round) {
        auto const reply = service.send(number);
        check_outcome(reply, 200);
        auto const code = std::string(object_of(reply).at("debug_code").as_string());
        for (int i = 0; i < 10; ++i)
            evaluated += service.verify(number, wrong_code(code)).status == 400 ? 1 : 0;
    }
    BOOST_TEST(evaluated == 20);
}

BOOST_AUTO_TEST_CASE(a_code_of_another_length_costs_no_attempt) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    for (auto const& guess : {code.substr(1), code + "0", std::string("1"), std::string(100, '1'),
                              std::string("12345a"), "x" + code})
        check_outcome(service.verify(number, guess), 422, "validation_failed");
    auto const reply = service.verify(number, wrong_code(code));
    check_outcome(reply, 400, "invalid_code");
    BOOST_TEST(object_of(reply).at("attempts_left").to_number<int>() == 4);
}

// A code belongs to the request that it was made for.
BOOST_AUTO_TEST_CASE(a_verification_id_binds_the_check_to_its_send) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const sent = object_of(service.send(number));
    auto const other = object_of(service.send(service.fresh_number()));
    json::object check{{"phone_number", number}, {"code", sent.at("debug_code")}};
    check["verification_id"] = other.at("verification_id");
    check_outcome(service.client.ask(post("/verify-otp", check)), 404, "no_active_otp");
    check["verification_id"] = "not an id";
    check_outcome(service.client.ask(post("/verify-otp", check)), 422, "validation_failed");
    check["verification_id"] = sent.at("verification_id");
    check_outcome(service.client.ask(post("/verify-otp", check)), 200);
    check_outcome(service.client.ask(post("/verify-otp", check)), 404, "no_active_otp");
}

BOOST_AUTO_TEST_CASE(codes_of_different_purposes_are_independent) {
    service_fixture service(environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}});
    auto const number = service.fresh_number();
    auto const login = object_of(service.client.ask(post("/send-otp", send_body(number, "login"))));
    auto const payment =
        object_of(service.client.ask(post("/send-otp", send_body(number, " PayMent "))));
    BOOST_TEST(payment.at("purpose").as_string() == "payment");
    auto check = send_body(number, "payment");
    check["code"] = login.at("debug_code");
    if (login.at("debug_code") != payment.at("debug_code")) // equal by a chance of one in a million
        check_outcome(service.client.ask(post("/verify-otp", check)), 400, "invalid_code");
    check["code"] = payment.at("debug_code");
    check_outcome(service.client.ask(post("/verify-otp", check)), 200);
    check["purpose"] = "login";
    check["code"] = login.at("debug_code");
    check_outcome(service.client.ask(post("/verify-otp", check)), 200);
    check["purpose"] = "never used";
    check_outcome(service.client.ask(post("/verify-otp", check)), 404, "no_active_otp");
}

BOOST_AUTO_TEST_CASE(the_sms_says_what_the_settings_say) {
    service_fixture service(
        environment{{"OTPD_OTP_MESSAGE_TEMPLATE", "{code} is your code. Tell nobody."},
                    {"DEFAULT_CALLER_ID", "EXAMPLE"},
                    {"DEFAULT_ROUTE_ID", "1"},
                    {"OTP_LENGTH", "8"}});
    auto const number = service.fresh_number();
    auto const reply = object_of(service.client.ask(service.send_request("+" + number)));
    auto const code = std::string(reply.at("debug_code").as_string());
    BOOST_TEST(code.size() == 8U);
    auto const messages = service.stub.messages(number);
    BOOST_REQUIRE(messages.size() == 1U);
    BOOST_TEST(messages[0].at("text").as_string() == code + " is your code. Tell nobody.");
    BOOST_TEST(messages[0].at("caller_id").as_string() == "EXAMPLE");
    BOOST_TEST(messages[0].at("route_id").to_number<int>() == 1);
    BOOST_TEST(reply.at("bx_message_id") == messages[0].at("bx_message_id"));
    BOOST_TEST(reply.at("delivery_status_url").as_string() ==
               service.stub.url() + "/api/v1/dlr/" +
                   std::string(messages[0].at("bx_message_id").as_string()));
    BOOST_TEST(reply.at("cost").to_number<double>() == messages[0].at("cost").to_number<double>());
    BOOST_TEST(reply.at("currency").as_string() == "EUR");
    BOOST_TEST(service.stub.control("GET", "violations").at("total").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(a_purpose_has_the_rules_of_its_table) {
    service_fixture service(environment{},
                            "[[purpose]]\nname = \"payment\"\nlength = 8\nttl_seconds = 120\n"
                            "max_attempts = 2\ncooldown_seconds = 90\n"
                            "message_template = \"Pay with {code} in {minutes} minutes.\"\n"
                            "require_verification_id = true\nroute_plan = \"dear\"\n"
                            "[[route_plan]]\nname = \"dear\"\nsteps = [{route = 1}]\n");
    auto const number = service.fresh_number();
    auto const sent =
        object_of(service.client.ask(post("/send-otp", send_body(number, "payment"))));
    auto const code = std::string(sent.at("debug_code").as_string());
    BOOST_TEST(code.size() == 8U);
    BOOST_TEST(sent.at("expires_in_seconds").to_number<int>() <= 120);
    BOOST_TEST(sent.at("cooldown_seconds").to_number<int>() > 45);
    BOOST_TEST(sent.at("route_plan").as_string() == "dear");
    BOOST_TEST(service.stub.messages(number).at(0).at("text").as_string() ==
               "Pay with " + code + " in 2 minutes.");
    json::object check{{"phone_number", number}, {"purpose", "payment"}, {"code", code}};
    check_outcome(service.client.ask(post("/verify-otp", check)), 422, "validation_failed");
    check["verification_id"] = sent.at("verification_id");
    check["code"] = wrong_code(code);
    auto const wrong = service.client.ask(post("/verify-otp", check));
    check_outcome(wrong, 400, "invalid_code");
    BOOST_TEST(object_of(wrong).at("attempts_left").to_number<int>() == 1);
    check["code"] = code;
    check_outcome(service.client.ask(post("/verify-otp", check)), 200);

    auto const other = service.fresh_number(); // without a table
    BOOST_TEST(service.sent_code(other).size() == 6U);
}

// PSD2 RTS 5: the user sees what he agrees to, and the code is good for nothing else.
BOOST_AUTO_TEST_CASE(a_code_is_bound_to_the_variables_of_its_transaction) {
    temporary_directory const directory;
    auto const file = directory.path() + "/timeline.jsonl";
    service_fixture service(
        environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}, {"OTPD_TIMELINE_FILE", file}},
        "[[purpose]]\nname = \"transfer\"\nvariables = [\"amount\", \"payee\"]\n"
        "message_template = \"Pay {amount} to {payee}: {code}\"\n");
    auto const number = service.fresh_number();
    auto const body = [&](char const* amount) {
        auto made = send_body(number, "transfer");
        made["variables"] = {{"amount", amount}, {"payee", "Smith & Co"}};
        return made;
    };
    auto const send = [&](char const* amount) {
        return object_of(service.client.ask(post("/send-otp", body(amount))));
    };
    auto const check = [&](char const* amount, std::string const& code) {
        auto guess = body(amount);
        guess["code"] = code;
        return service.client.ask(post("/verify-otp", guess));
    };
    auto const sent = send("12.50 EUR");
    auto const code = std::string(sent.at("debug_code").as_string());
    BOOST_TEST(send("12.50 EUR").at("debug_code").as_string() == code); // a resend
    auto const other = std::string(send("99.50 EUR").at("debug_code").as_string());
    auto const messages = service.stub.messages(number);
    BOOST_REQUIRE(messages.size() == 3U);
    BOOST_TEST(messages[1].at("text").as_string() == "Pay 12.50 EUR to Smith & Co: " + code);
    BOOST_TEST(messages[2].at("text").as_string() == "Pay 99.50 EUR to Smith & Co: " + other);

    if (other != code) // equal by a chance of one in a million
        check_outcome(check("99.50 EUR", code), 400, "invalid_code");
    auto const wrong = check("1.00 EUR", other);
    check_outcome(wrong, 400, "invalid_code");
    json::object without{{"phone_number", number}, {"purpose", "transfer"}, {"code", code}};
    check_outcome(service.client.ask(post("/verify-otp", without)), 400, "invalid_code");
    check_outcome(check("12.50 EUR", code), 200);
    check_outcome(check("99.50 EUR", other), 200); // another transaction, with its own code

    auto missing = send_body(number, "transfer");
    check_outcome(service.client.ask(post("/send-otp", missing)), 422, "validation_failed");
    check_outcome(service.client.ask(post("/send-otp", body(std::string(100, '~').c_str()))), 422,
                  "validation_failed");
    BOOST_TEST(service.stub.messages(number).size() == 3U);

    auto request = post("/send-otp", body("5.00 EUR"));
    request.fields.emplace_back("Idempotency-Key", "key-1");
    check_outcome(service.client.ask(request), 200);
    request.body = json::serialize(body("6.00 EUR"));
    check_outcome(service.client.ask(request), 422, "idempotency_key_reused");

    auto const id = std::string(sent.at("verification_id").as_string());
    auto const found = service.client.ask(get("/verifications/" + id));
    BOOST_TEST(object_of(found).at("purpose").as_string() == "transfer");
    std::string written;
    eventually([&] {
        std::ifstream timeline(file);
        written.assign(std::istreambuf_iterator<char>(timeline), {});
        return written.find("\"verified\"") != std::string::npos;
    });
    for (auto const& text :
         {found.body, service.otpd.process().output(), service.otpd.metrics(), written})
        BOOST_TEST(text.find("Smith") == std::string::npos);
}

// Without debugging, only the phone gets the code.
BOOST_AUTO_TEST_CASE(codes_are_not_shown_unless_debugging) {
    service_fixture service(environment{{"DEBUG_OTP", "false"}});
    auto const number = service.fresh_number();
    auto const reply = service.send(number);
    check_outcome(reply, 200);
    BOOST_TEST(object_of(reply).at("debug_code").is_null());
    auto const code = service.stub.code_sent_to(number);
    BOOST_TEST(reply.body.find(code) == std::string::npos);
    BOOST_TEST(!object_of(service.client.ask(get("/config"))).at("debug_otp").as_bool());
    check_outcome(service.verify(number, code), 200);
}

BOOST_AUTO_TEST_CASE(routes_that_are_not_enabled_are_refused) {
    service_fixture service;
    auto const reply = service.client.ask(
        post("/send-otp", {{"phone_number", service.fresh_number()}, {"route_id", 6}}));
    check_outcome(reply, 403, "route_not_allowed");
    BOOST_TEST(service.stub.requests().empty());
}

BOOST_AUTO_TEST_CASE(what_the_upstream_refuses_has_a_reason_and_frees_the_number) {
    service_fixture service(environment{{"OTPD_OTP_REJECTED_BACKOFF_SECONDS", "0"}});
    auto const number = service.fresh_number();
    service.stub.control("POST", "config", json::object{{"balance", 0}});
    auto const reply = service.send(number);
    check_outcome(reply, 502, "upstream_rejected");
    BOOST_TEST(object_of(reply).at("reason").as_string() == "insufficient_balance");
    service.stub.control("POST", "config", json::object{{"balance", 10}});
    check_outcome(service.send(number), 200);
}

BOOST_AUTO_TEST_CASE(health_counts_the_codes_that_can_be_verified) {
    service_fixture service;
    auto const live = [&service] {
        return object_of(service.client.ask(get("/health"))).at("active_otps").to_number<int>();
    };
    // A count is a second old at most.
    eventually([&] { return live() == 0; });
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    service.sent_code(service.fresh_number());
    eventually([&] { return live() == 2; });
    check_outcome(service.verify(number, code), 200);
    eventually([&] { return live() == 1; });
    BOOST_TEST(object_of(service.client.ask(get("/livez"))).at("status").as_string() == "ok");
    BOOST_TEST(object_of(service.client.ask(get("/readyz"))).at("status").as_string() == "ready");
}

// Requests without a token cause no load: all of them share one check of the store per second.
BOOST_AUTO_TEST_CASE(the_store_is_asked_once_a_second_however_many_clients_ask) {
    service_fixture service;
    auto const store_calls = [&service](std::string const& operation) {
        auto const text = service.otpd.metrics();
        auto const series =
            "\notpd_store_operation_duration_seconds_count{operation=\"" + operation + "\"} ";
        auto const at = text.find(series);
        return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size()));
    };
    auto const began = std::chrono::steady_clock::now();
    std::vector<http_request> questions;
    for (int i = 0; i < 300; ++i) {
        questions.push_back(get("/readyz"));
        questions.push_back(get("/health"));
    }
    auto const replies = ask_in_parallel(service.otpd.port(), questions, 16);
    BOOST_TEST(count_status(replies, 200) == questions.size());
    auto const pings = store_calls("ping");
    auto const counts = store_calls("live_codes");
    auto const seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    BOOST_TEST(pings >= 1);
    BOOST_TEST(pings <= seconds + 1);
    BOOST_TEST(counts <= seconds + 1);
}

BOOST_AUTO_TEST_CASE(config_shows_the_rules) {
    service_fixture service(environment{{"OTP_TTL_SECONDS", "120"}, {"OTP_MAX_ATTEMPTS", "3"}});
    auto const rules = object_of(service.client.ask(get("/config")));
    BOOST_TEST(rules.at("otp_ttl_seconds").to_number<int>() == 120);
    BOOST_TEST(rules.at("otp_max_attempts").to_number<int>() == 3);
    BOOST_TEST(rules.at("otp_length").to_number<int>() == 6);
    BOOST_TEST(rules.at("otp_send_cooldown_seconds").to_number<int>() == 45);
    BOOST_TEST(rules.at("debug_otp").as_bool());
}

BOOST_AUTO_TEST_SUITE_END()
