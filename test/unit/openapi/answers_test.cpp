// The routes' real answers match the document, for every way in which a request can end.

#include "api_service.hpp"
#include "unimplemented_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>

#include <set>

using namespace otpd;
using namespace openapi_test;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace asio = boost::asio;

namespace {

/// Without limits between two sends to a number.
otp::policy without_cooldown() {
    auto rules = with_debug_codes();
    rules.cooldown = {};
    return rules;
}

otp::policy with_limit(otp::limit_key key, otp::limit_step step) {
    auto rules = without_cooldown();
    otp::limit one;
    one.name = "one_limit";
    one.key = key;
    one.quota = 2;
    one.window = 600s;
    one.step = step;
    rules.limits.push_back(std::move(one));
    return rules;
}

std::string const one_number = R"({"phone_number":"+31612345678"})";

std::string guess(std::string_view code, std::string_view id = {}) {
    json::object body{{"phone_number", "31612345678"}, {"code", code}};
    if (!id.empty()) body["verification_id"] = id;
    return json::serialize(body);
}

std::string wrong_code(service const& s) {
    return s.gateway.last_code() == "000000" ? "000001" : "000000";
}

std::string id_of(json::value const& sent) {
    return std::string(sent.at("verification_id").as_string());
}

std::string path_of(std::string const& id) {
    return "/verifications/" + id;
}

/// A path of the document as a request target.
std::string target_of(std::string path) {
    if (path == "/routes/{id}/pricing") return "/routes/3/pricing";
    return path;
}

std::string state_of(json::value const& verification) {
    return std::string(verification.at("state").as_string());
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_answers)

BOOST_AUTO_TEST_CASE(routes_are_those_of_the_document) {
    service s;
    std::set<std::string> there;
    std::set<std::string> described;
    for (auto const* listener : {&s.routes, &s.admin_routes})
        for (auto const& route : listener->routes())
            there.insert(route.pattern + ' ' + std::string(verb_of(route.verb)));
    for (auto const& [path, item] : document().at("paths").as_object())
        for (auto const& [verb, operation] : item.as_object())
            described.insert(std::string(path) + ' ' + std::string(verb));
    BOOST_TEST(there == described, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_code_is_sent_and_verified) {
    service s;
    auto const id = id_of(s.post("/send-otp", one_number, 200));
    BOOST_TEST(s.refused("/send-otp", one_number, 429) == "cooldown_active");
    BOOST_TEST(s.field("RateLimit-Policy") == R"("cooldown";q=1;w=45)");
    BOOST_TEST(s.field("RateLimit") == R"("cooldown";r=0;t=45)");
    s.post("/verify-otp", guess(wrong_code(s)), 400);
    s.post("/verify-otp", guess(wrong_code(s), id), 400);
    s.post("/verify-otp", guess(s.gateway.last_code(), id), 200);
    s.post("/verify-otp", guess(s.gateway.last_code(), id), 404);
    s.post("/verify-otp", guess(s.gateway.last_code()), 404);
}

BOOST_AUTO_TEST_CASE(a_check_has_to_name_its_verification_where_that_is_required) {
    for (bool const of_all : {true, false}) {
        auto rules = with_debug_codes();
        rules.require_verification_id = of_all;
        auto client = client_of("default");
        client.profile.require_verification_id = !of_all;
        service s(rules, {client});
        auto const id = id_of(s.post("/send-otp", one_number, 200));
        BOOST_TEST(s.refused("/verify-otp", guess(s.gateway.last_code()), 422) ==
                   "validation_failed");
        s.post("/verify-otp", guess(s.gateway.last_code(), id), 200);
    }
}

// A check that is repeated because its answer was lost finds nothing: the code is used up.
BOOST_AUTO_TEST_CASE(the_verification_shows_a_success_whose_answer_was_lost) {
    service s;
    auto const id = id_of(s.post("/send-otp", one_number, 200));
    s.post("/verify-otp", guess(s.gateway.last_code(), id), 200);
    s.post("/verify-otp", guess(s.gateway.last_code(), id), 404);
    BOOST_TEST(state_of(s.get(path_of(id), 200)) == "verified");
    std::string const description(
        find_response("/verify-otp", "post", 404)->at("description").as_string());
    for (auto const* part : {"lost response", "`GET /verifications/{id}`", "`verified`"})
        BOOST_TEST(description.find(part) != std::string::npos, part);
}

BOOST_AUTO_TEST_CASE(a_code_and_a_number_run_out_of_guesses) {
    service s;
    s.post("/send-otp", one_number, 200);
    for (unsigned i = 0; i < s.domain.rules.attempts_max; ++i)
        s.post("/verify-otp", guess(wrong_code(s)), 400);
    BOOST_TEST(s.refused("/verify-otp", guess(s.gateway.last_code()), 429) == "attempts_exceeded");
}

BOOST_AUTO_TEST_CASE(a_verification_from_its_admission_to_each_end) {
    service s(without_cooldown());
    auto const send = [&s] { return id_of(s.post("/send-otp", one_number, 200)); };
    auto const state = [&s](std::string const& id) { return state_of(s.get(path_of(id), 200)); };

    auto const exhausted = send();
    BOOST_TEST(state(exhausted) == "active");
    for (unsigned i = 0; i < s.domain.rules.attempts_max; ++i)
        s.post("/verify-otp", guess(wrong_code(s), exhausted), 400);
    BOOST_TEST(state(exhausted) == "exhausted");
    auto const verified = send();
    s.post("/verify-otp", guess(s.gateway.last_code(), verified), 200);
    BOOST_TEST(state(verified) == "verified");
    BOOST_TEST(state(exhausted) == "canceled");
    s.cancel(path_of(verified), 409);
    auto const canceled = send();
    BOOST_TEST(state_of(s.cancel(path_of(canceled), 200)) == "canceled");
    BOOST_TEST(state(canceled) == "canceled");
    s.cancel(path_of(canceled), 409);
    auto const expired = send();
    s.clock.advance(s.domain.rules.ttl + 1ms);
    BOOST_TEST(state(expired) == "expired");
    s.cancel(path_of(expired), 409);
    s.clock.advance(s.domain.rules.retention);
    s.get(path_of(expired), 404);
    s.cancel(path_of(expired), 404);
}

BOOST_AUTO_TEST_CASE(a_verification_that_nobody_knows) {
    service s;
    for (auto const& id : {std::string(64, '0'), std::string("x"), std::string(65, 'a')}) {
        s.get(path_of(id), 404);
        s.cancel(path_of(id), 404);
    }
}

BOOST_AUTO_TEST_CASE(a_send_that_is_repeated_with_its_key) {
    service s;
    s.fields = {{"Idempotency-Key", "\"k\""}};
    s.post("/send-otp", one_number, 200);
    BOOST_TEST(s.field("RateLimit") == "none");
    auto const first = s.last.body;
    s.post("/send-otp", one_number, 200);
    BOOST_TEST(s.last.body == first);
    BOOST_TEST(s.gateway.sent().size() == 1U);
    auto const another = R"({"phone_number":"31612345679"})";
    BOOST_TEST(s.refused("/send-otp", another, 422) == "idempotency_key_reused");
    s.fields = {{"Idempotency-Key", ""}};
    BOOST_TEST(s.refused("/send-otp", one_number, 400) == "idempotency_key_invalid");
    s.fields = {{"Idempotency-Key", "k"}, {"Idempotency-Key", "k"}};
    BOOST_TEST(s.refused("/send-otp", one_number, 400) == "idempotency_key_invalid");
}

BOOST_AUTO_TEST_CASE(a_send_whose_outcome_is_unknown_stays_so_under_its_key) {
    service s;
    s.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::unknown{bridgexapi::reason::timed_out};
    };
    s.fields = {{"Idempotency-Key", "k"}};
    s.post("/send-otp", one_number, 504);
    s.post("/send-otp", one_number, 504);
    BOOST_TEST(s.gateway.sent().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_send_that_the_guard_refuses_and_a_solved_challenge) {
    auto rules = without_cooldown();
    rules.pumping.prefix_out_max = 1;
    auto client = client_of("default");
    client.profile.challenge = true;
    service s(rules, {client});
    s.post("/send-otp", one_number, 200);
    auto const refused = s.post("/send-otp", one_number, 403);
    BOOST_TEST(refused.at("code").as_string() == "challenge_required");
    s.post("/send-otp",
           json::serialize(json::object{{"phone_number", "+31612345678"},
                                        {"challenge_token", refused.at("challenge_token")}}),
           200);
}

// Both are in flight before the first one is settled.
BOOST_AUTO_TEST_CASE(a_send_while_the_same_one_is_worked_on) {
    service s;
    s.fields = {{"Idempotency-Key", "k"}};
    service::call first(s, http::method::post, "/send-otp", one_number);
    service::call second(s, http::method::post, "/send-otp", one_number);
    std::multiset<unsigned> statuses;
    auto const note = [&statuses](std::exception_ptr const& thrown, http::response const& answer) {
        BOOST_REQUIRE(!thrown);
        statuses.insert(answer.status);
        check_described(answer, "/send-otp", "post");
    };
    asio::co_spawn(s.context, first.start(), note);
    asio::co_spawn(s.context, second.start(), note);
    auto const end = std::chrono::steady_clock::now() + test::hang_limit;
    while (statuses.size() < 2 && s.context.run_one_until(end) != 0) {
    }
    BOOST_TEST((statuses == std::multiset<unsigned>{200, 409}));
    BOOST_TEST(s.gateway.sent().size() == 1U);
}

BOOST_AUTO_TEST_CASE(limits_are_shown_before_and_after_they_refuse) {
    service s(with_limit(otp::limit_key::number, otp::limit_step::send));
    s.post("/send-otp", one_number, 200);
    BOOST_TEST(s.field("RateLimit-Policy") == R"("one_limit";q=2;w=600)");
    BOOST_TEST(s.field("RateLimit") == R"("one_limit";r=1;t=300)");
    s.post("/send-otp", one_number, 200);
    BOOST_TEST(s.field("RateLimit") == R"("one_limit";r=0;t=600)");
    auto const refused = s.post("/send-otp", one_number, 429);
    BOOST_TEST(refused.at("code").as_string() == "limit_exceeded");
    BOOST_TEST(json::serialize(refused.at("violated")) ==
               R"([{"limit":"one_limit","retry_after_seconds":300}])");
    BOOST_TEST(s.field("RateLimit") == R"("one_limit";r=0;t=300)");
    BOOST_TEST(s.field("Retry-After") == "300");
}

BOOST_AUTO_TEST_CASE(the_bound_over_all_clients_refuses_without_a_name_or_a_figure) {
    service s(with_limit(otp::limit_key::number_of_all_clients, otp::limit_step::send));
    for (int i = 0; i < 2; ++i) {
        s.post("/send-otp", one_number, 200);
        BOOST_TEST(s.field("RateLimit") == "none");
        BOOST_TEST(s.field("RateLimit-Policy") == "none");
    }
    auto const refused = s.post("/send-otp", one_number, 429);
    BOOST_TEST(refused.at("code").as_string() == "limit_exceeded");
    BOOST_TEST(!refused.as_object().contains("violated"));
    BOOST_TEST(s.field("RateLimit") == "none");
    BOOST_TEST(s.field("RateLimit-Policy") == "none");
    BOOST_TEST(s.field("Retry-After") == "3600");
    BOOST_TEST(s.last.body.find("one_limit") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_device_is_asked_for_and_never_shown) {
    service s;
    std::string const device = "q7Jc0m2vX4t9S1bN8eKf3A";
    auto const with = [&](std::string body) {
        body.back() = ',';
        return body + R"("device":")" + device + "\"}";
    };
    auto const id = id_of(s.post("/send-otp", with(one_number), 200));
    BOOST_TEST(s.last.body.find(device) == std::string::npos);
    s.get(path_of(id), 200);
    BOOST_TEST(s.last.body.find(device) == std::string::npos);
    s.post("/verify-otp", with(guess(wrong_code(s), id)), 400);
    s.post("/verify-otp", with(guess(s.gateway.last_code(), id)), 200);
    BOOST_TEST(s.last.body.find(device) == std::string::npos);
    for (auto const* wrong : {R"({"phone_number":"31612345678","code":"123456","device":""})",
                              R"({"phone_number":"31612345678","code":"123456","device":"a b"})",
                              R"({"phone_number":"31612345678","code":"123456","device":7})"}) {
        s.post("/send-otp", wrong, 422);
        s.post("/verify-otp", wrong, 422);
    }
}

BOOST_AUTO_TEST_CASE(limits_on_guesses_without_an_id) {
    service s(with_limit(otp::limit_key::client, otp::limit_step::guess));
    auto const id = id_of(s.post("/send-otp", one_number, 200));
    s.post("/verify-otp", guess(wrong_code(s)), 400);
    s.post("/verify-otp", guess(wrong_code(s)), 400);
    BOOST_TEST(s.refused("/verify-otp", guess(s.gateway.last_code()), 429) == "limit_exceeded");
    s.post("/verify-otp", guess(s.gateway.last_code(), id), 200);
}

BOOST_AUTO_TEST_CASE(what_a_client_may_not_do) {
    auto shop = client_of("shop", {"shop-token"});
    shop.profile.purposes = {"login"};
    shop.profile.routes = {3};
    shop.profile.countries = {"NL"};
    service s(with_debug_codes(), {std::move(shop), client_of("bank", {"bank-token"})});
    s.authorization = "Bearer shop-token";
    auto const refused = [&s](char const* body) { return s.refused("/send-otp", body, 403); };
    BOOST_TEST(refused(R"({"phone_number":"31612345678","purpose":"x"})") == "purpose_not_allowed");
    BOOST_TEST(refused(R"({"phone_number":"31612345678","route_id":1})") == "route_not_allowed");
    BOOST_TEST(refused(R"({"phone_number":"4915123456789"})") == "destination_not_allowed");
    s.post("/verify-otp", R"({"phone_number":"31612345678","code":"123456","purpose":"x"})", 403);
    auto const id = id_of(s.post("/send-otp", one_number, 200));
    s.authorization = "Bearer bank-token";
    s.get(path_of(id), 404);
    s.cancel(path_of(id), 404);
    s.post("/verify-otp", guess(s.gateway.last_code(), id), 404);
    BOOST_TEST(refused(R"({"phone_number":"31612345678","route_id":6})") == "route_not_allowed");
}

BOOST_AUTO_TEST_CASE(a_test_number) {
    auto rules = with_debug_codes();
    rules.reveal_codes = false;
    auto const today = std::chrono::floor<std::chrono::days>(test::manual_clock().wall());
    rules.test_numbers.push_back(
        otp::test_number{*phone_number::parse("31612345678"), *passcode::parse("424242"), today});
    service s(std::move(rules));
    auto const sent = s.post("/send-otp", one_number, 200);
    BOOST_TEST(sent.at("test").as_bool());
    BOOST_TEST(s.gateway.sent().empty());
    s.get(path_of(id_of(sent)), 200);
    s.post("/verify-otp", guess("424242", id_of(sent)), 200);
}

BOOST_AUTO_TEST_CASE(failures_that_are_alike) {
    auto rules = with_debug_codes();
    rules.uniform_failures = 1ms;
    service s(std::move(rules));
    auto const absent = s.post("/verify-otp", guess("123456"), 400);
    s.post("/send-otp", one_number, 200);
    for (unsigned i = 0; i <= s.domain.rules.attempts_max; ++i)
        BOOST_TEST((s.post("/verify-otp", guess(wrong_code(s)), 400) == absent));
    BOOST_TEST(!absent.as_object().contains("attempts_left"));
}

BOOST_AUTO_TEST_CASE(nulls_are_where_the_upstream_says_nothing) {
    service s;
    s.gateway.on_send = [](bridgexapi::sms const&) { return bridgexapi::accepted{}; };
    auto const body = s.post("/send-otp", one_number, 200);
    auto const kept = s.get(path_of(id_of(body)), 200);
    for (auto const* name : {"bx_message_id", "order_id", "cost", "currency"}) {
        BOOST_TEST(body.at(name).is_null(), name);
        BOOST_TEST(kept.at(name).is_null(), name);
    }
    BOOST_TEST(body.at("delivery_status_url").is_null());
}

BOOST_AUTO_TEST_CASE(every_outcome_of_the_upstream) {
    using bridgexapi::reason;
    service s;
    s.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::rejected{reason::no_pricing};
    };
    s.post("/send-otp", R"({"phone_number":"31612345670"})", 502);
    s.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::not_sent{reason::circuit_open};
    };
    s.post("/send-otp", R"({"phone_number":"31612345671"})", 503);
    s.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::unknown{reason::timed_out};
    };
    s.post("/send-otp", R"({"phone_number":"31612345672"})", 504);
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer) {
    test::unimplemented_store broken;
    service s(with_debug_codes(), {client_of("default")}, &broken);
    s.post("/send-otp", one_number, 503);
    s.post("/verify-otp", guess("123456"), 503);
    s.get(path_of(std::string(64, '0')), 503);
    s.cancel(path_of(std::string(64, '0')), 503);
    s.get("/health", 503);
    s.get("/balance", 503);
}

BOOST_AUTO_TEST_CASE(every_fault_of_a_body) {
    service s;
    for (std::string_view body :
         {"", "{", "[]", "{}", R"({"phone_number":1,"purpose":"","route_id":0})",
          R"({"phone_number":"0","route_id":9})", R"({"phone_number":"x","route_id":"3"})",
          R"({"phone_number":"31612345678","phone_number":"31612345678"})",
          R"({"phone_number":"x","end_user_ip":"y","verification_id":"z","locale":"?"})"}) {
        BOOST_TEST_CONTEXT(body) {
            s.post("/send-otp", body, 422);
            s.post("/estimate", body, 422);
            s.post("/verify-otp", body, 422);
        }
    }
    s.post("/send-otp", R"({"phone_number":"3165186067"})", 422); // in no plan
    s.fields.push_back({"Content-Encoding", "gzip"});
    s.post("/send-otp", one_number, 415);
    BOOST_TEST(s.field("Accept-Encoding") == "identity");
    s.fields.clear();
    s.content_type = "text/plain";
    s.post("/send-otp", one_number, 415);
    s.post("/verify-otp", guess("123456"), 415);
    s.post("/estimate", one_number, 415);
}

BOOST_AUTO_TEST_CASE(a_message_that_its_last_line_makes_too_long) {
    auto rules = with_debug_codes();
    rules.templates.front().text = std::string(140, '.') + "{code}";
    auto client = client_of("default");
    client.profile.web_otp_hosts = {"login.example.com", "b.example"};
    service s(std::move(rules), {client});
    s.post("/send-otp", R"({"phone_number":"31612345678","web_otp_host":"login.example.com"})",
           422);
    s.post("/send-otp", R"({"phone_number":"31612345678","app_hash":"FA+9qCX9VSu"})", 422);
    s.post("/send-otp", R"({"phone_number":"31612345678","web_otp_host":"other.example"})", 422);
    s.post("/send-otp", R"({"phone_number":"31612345678"})", 200);
}

BOOST_AUTO_TEST_CASE(a_token_is_required_where_the_document_says_so) {
    service s(with_debug_codes(), {client_of("default", {"token"})});
    for (auto const& [path, item] : document().at("paths").as_object())
        for (auto const& [verb, operation] : item.as_object()) {
            if (operation.at("security").as_array().empty() ||
                operation.as_object().contains("servers"))
                continue;
            for (auto const* wrong : {"", "Bearer ", "Bearer toke", "Basic token"}) {
                s.authorization = wrong;
                s.ask(method_of(verb), target_of(path), "{}", 401);
            }
        }
    s.authorization.clear();
    for (auto const* open : {"/health", "/livez", "/readyz", "/openapi.json", "/docs"})
        s.get(open, 200);
}

// A disconnected client's long poll ends, and its place is free.
BOOST_AUTO_TEST_CASE(a_long_poll_ends_when_its_client_has_hung_up) {
    struct gone final : http::peer_watch {
        [[nodiscard]] bool has_hung_up() const noexcept override { return ++asked > 1; }
        mutable int asked = 0;
    };
    service s;
    gone const peer;
    auto const id = id_of(s.post("/send-otp", one_number, 200));
    s.peer = &peer;
    auto const state = s.get(path_of(id) + "?wait=20", 200);
    BOOST_TEST(state.at("state").as_string() == "active");
    BOOST_TEST(peer.asked == 2); // before the first wait, and after it
}

// The client may make 200 requests a minute. A refused one causes no request to the upstream.
BOOST_AUTO_TEST_CASE(questions_are_limited_as_the_document_says) {
    service s;
    for (int i = 0; i < 200; ++i)
        s.get("/routes", 200);
    for (auto const* path :
         {"/routes", "/routes/scores", "/routes/3/pricing", "/balance", "/deliveries/BX-1"}) {
        auto const refused = s.get(path, 429);
        BOOST_TEST(refused.at("violated").at(0).at("limit").as_string() == "reads_client_1m");
        BOOST_TEST(s.field("RateLimit-Policy") == R"("reads_client_1m";q=200;w=60)");
        BOOST_TEST(s.field("RateLimit") == R"("reads_client_1m";r=0;t=1)");
        BOOST_TEST(s.field("Retry-After") == "1");
    }
    s.post("/estimate", one_number, 429);
    s.post("/send-otp", one_number, 200);
}

BOOST_AUTO_TEST_CASE(health_has_figures_for_who_shows_a_token_only) {
    service s(with_debug_codes(), {client_of("default", {"token"})});
    for (auto const* wrong : {"", "Bearer ", "Bearer toke"}) {
        s.authorization = wrong;
        BOOST_TEST(json::serialize(s.get("/health", 200)) ==
                   R"({"status":"ok","service":"BridgeXAPI OTP Server"})");
    }
    s.authorization = "Bearer token";
    auto const health = s.get("/health", 200).as_object();
    BOOST_TEST(health.at("active_otps").to_number<int>() == 0);
    BOOST_TEST(health.contains("version"));
}

BOOST_AUTO_TEST_CASE(the_service_about_itself) {
    service s;
    s.get("/health", 200);
    s.get("/livez", 200);
    s.get("/readyz", 200);
    s.get("/config", 200);
    s.get("/openapi.json", 200);
    s.get("/docs", 200);
    s.get("/docs/page.css", 200);
    s.get("/docs/there-is-none", 404);
    s.not_ready = "draining";
    s.get("/readyz", 503);
}

BOOST_AUTO_TEST_SUITE_END()
