// The OpenAPI document against the server that serves it: the same paths and methods, every status
// that occurs, and every body as described.

#include "service_fixture.hpp"
#include "support/eventually.hpp"
#include "unit/openapi/api_document.hpp"

#include <cctype>

using namespace otpd::test;
using namespace openapi_test;

namespace {

constexpr char const* token = "a-token";

std::string lower(std::string text) {
    for (char& c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// A path of the document as a request target.
std::string target_of(std::string path) {
    if (auto const at = path.find("{file}"); at != std::string::npos)
        path.replace(at, 6, "init.js");
    if (path == "/routes/{id}/pricing") return "/routes/3/pricing";
    if (path == "/deliveries/{bx_message_id}") return "/deliveries/BX-0";
    if (auto const at = path.find("{id}"); at != std::string::npos)
        path.replace(at, 4, std::string(64, '0'));
    if (auto const at = path.find("{client}"); at != std::string::npos) path.replace(at, 8, "shop");
    return path;
}

/// Whether the path is about one resource, which may not exist.
bool is_about_one(std::string_view path) {
    return path == "/verifications/{id}" || path == "/deliveries/{bx_message_id}";
}

/// Whether only the admin listener has the path.
bool is_of_operator(json::object const& item) {
    return item.begin()->value().as_object().contains("servers");
}

/// The path of the document for a request's target.
std::string path_of(std::string const& target) {
    if (target.starts_with("/verifications/")) return "/verifications/{id}";
    if (target.starts_with("/deliveries/")) return "/deliveries/{bx_message_id}";
    if (target.ends_with("/pricing")) return "/routes/{id}/pricing";
    return target.substr(0, target.find('?'));
}

/// Fields that are sent only with some responses: behind limits, or after a refused content coding.
bool is_sent_at_times(std::string_view field) {
    return field == "RateLimit" || field == "RateLimit-Policy" || field == "Accept-Encoding";
}

/// The reply to `request`, made for the document's path `path`, must be one that the document
/// describes.
void check_described(std::string const& path, http_request const& request, raw_reply const& reply) {
    BOOST_TEST_CONTEXT(request.method << ' ' << path << ' ' << reply.status << ' ' << reply.body) {
        auto const* const described = find_response(path, lower(request.method), reply.status);
        BOOST_REQUIRE_MESSAGE(described != nullptr, "this status is not documented");
        if (auto const* const headers = described->if_contains("headers"))
            for (auto const& [name, header] : headers->as_object())
                BOOST_TEST((is_sent_at_times(name) || reply.has(name)),
                           "documented, but not sent: " << name);
        if (reply.body.empty()) return;
        auto const type = reply.field("Content-Type");
        auto const media_type = type.substr(0, type.find(';'));
        auto const& schema = schema_of(*described, media_type);
        if (media_type.ends_with("json") && path != "/openapi.json")
            BOOST_TEST(fault(schema, body_of(reply)) == "");
    }
}

/// Makes the request as a caller with a token.
raw_reply ask(service_fixture& service, http_request const& request) {
    return service.client.ask(request.with("Authorization", std::string("Bearer ") + token));
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_openapi)

BOOST_AUTO_TEST_CASE(the_document_is_served_as_it_was_built) {
    service_fixture service;
    auto const reply = service.client.ask(get("/openapi.json"));
    BOOST_TEST(reply.field("Content-Type") == "application/json");
    BOOST_TEST((object_of(reply) == document()));
    BOOST_TEST(document().at("openapi").as_string().starts_with("3.1."));
}

BOOST_AUTO_TEST_CASE(what_is_documented_is_served_and_nothing_else) {
    service_fixture service;
    auto const& paths = document().at("paths").as_object();
    for (auto const& [path, item] : paths)
        for (auto const* const method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
            http_request request;
            request.method = method;
            request.target = target_of(std::string(path));
            auto const status = service.client.ask(request).status;
            BOOST_TEST_CONTEXT(method << ' ' << path << " answered " << status) {
                if (is_of_operator(item.as_object())) {
                    BOOST_TEST(status == 404U);
                    continue;
                }
                BOOST_TEST((status != 404U || is_about_one(path)));
                BOOST_TEST((status != 405U) == item.as_object().contains(lower(method)));
            }
        }
}

BOOST_AUTO_TEST_CASE(replies_are_as_documented) {
    service_fixture service(
        environment{{"API_AUTH_TOKEN", token}, {"OTPD_BRIDGEXAPI_TIMEOUT", "20"}});
    auto const check = [&](std::string const& path, http_request const& request,
                           unsigned expected) {
        auto const reply = ask(service, request);
        BOOST_TEST(reply.status == expected, reply.body);
        check_described(path, request, reply);
        return reply;
    };
    auto const send = [&](http_request const& request, unsigned expected) {
        return check("/send-otp", request, expected);
    };
    auto const verify = [&](http_request const& request, unsigned expected) {
        return check("/verify-otp", request, expected);
    };
    auto const send_under = [&](json::object fault, unsigned expected) {
        fault["count"] = 1;
        service.stub.set_fault(fault);
        send(service.send_request(service.fresh_number()), expected);
    };

    auto const number = service.fresh_number();
    auto const sent = object_of(send(service.send_request(number), 200));
    auto const code = std::string(sent.at("debug_code").as_string());
    auto const id = std::string(sent.at("verification_id").as_string());
    send(service.send_request(number), 429);
    send(post("/send-otp", {{"phone_number", 1}}), 422);
    send(post_text("/send-otp", "{"), 422);
    send(post_text("/send-otp", std::string(5000, ' ')), 413);
    send(post("/send-otp", {{"phone_number", service.fresh_number()}, {"route_id", 6}}), 403);
    auto plain = service.send_request(service.fresh_number());
    plain.fields.clear();
    send(plain, 415);
    send_under({{"fault", "null_ids"}}, 200);
    send_under({{"fault", "vendor"}}, 502);
    send_under({{"fault", "drop_after"}}, 504);
    // The route is paused for as long as this says, so it is not one that other parts of the test
    // use.
    service.stub.set_fault({{"fault", "rate"}, {"retry_after", 30}, {"count", 1}});
    for (unsigned const expected : {502U, 503U})
        send(post("/send-otp", {{"phone_number", service.fresh_number()}, {"route_id", 1}}),
             expected);
    verify(service.verify_request(number, wrong_code(code)), 400);
    verify(service.verify_request(number, "1"), 422);
    verify(service.verify_request(service.fresh_number(), code), 404);
    auto const check_verification = [&](std::string const& verification, char const* method,
                                        unsigned expected) {
        auto request = get("/verifications/" + verification);
        request.method = method;
        check("/verifications/{id}", request, expected);
    };
    check_verification(id, "GET", 200);
    verify(service.verify_request(number, code), 200);
    check_verification(id, "DELETE", 409);
    check_verification(std::string(64, '0'), "GET", 404);
    check_verification(std::string(64, '0'), "DELETE", 404);
    auto const canceled = object_of(send(service.send_request(service.fresh_number()), 200));
    check_verification(std::string(canceled.at("verification_id").as_string()), "DELETE", 200);
    auto const keyed = service.send_request(service.fresh_number()).with("Idempotency-Key", "k");
    send(keyed, 200);
    send(keyed, 200);
    send(service.send_request(service.fresh_number()).with("Idempotency-Key", "k"), 422);
    send(service.send_request(service.fresh_number()).with("Idempotency-Key", ""), 400);
    verify(post_text("/verify-otp", std::string(5000, ' ')), 413);
    auto const locked = service.fresh_number();
    auto const locked_code = std::string(
        object_of(send(service.send_request(locked), 200)).at("debug_code").as_string());
    for (int i = 0; i < 5; ++i)
        verify(service.verify_request(locked, wrong_code(locked_code)), 400);
    verify(service.verify_request(locked, locked_code), 429);

    auto const release = [&](std::string const& path, char const* client, unsigned expected) {
        json::object body{{"client", client}, {"phone_number", locked}, {"reason", "a test"}};
        check(path, post(path, std::move(body)), expected);
    };
    for (auto const* path : {"/numbers/unlock", "/numbers/forget-devices"}) {
        release(path, "default", 200);
        release(path, "another", 404);
        check(path, post(path, json::object()), 422);
    }

    for (auto const& [path, item] : document().at("paths").as_object()) {
        auto request = get(target_of(std::string(path)));
        if (!item.as_object().contains("get") || is_about_one(path) ||
            is_of_operator(item.as_object()))
            continue;
        auto const reply = check(std::string(path), request, 200);
        if (!reply.has("ETag")) continue;
        check(std::string(path), request.with("If-None-Match", reply.field("ETag")), 304);
    }
    check("/docs/{file}", get("/docs/nope"), 404);
    check("/livez", get("/livez").with("Host", "another"), 400);
    check("/livez", get("/livez").with("X-Forwarded-For", "203.0.113.7"), 403); // it shows codes
    check("/livez", get("/livez?" + std::string(3000, 'a')), 414);
    check("/livez", get("/livez").with("X-Long", std::string(9000, 'a')), 431);

    for (auto const& guarded :
         {get("/config"), service.send_request(number), service.verify_request(number, code),
          get("/verifications/" + id), get("/deliveries/BX-0"), get("/routes"),
          get("/routes/scores"), get("/routes/3/pricing"), get("/balance"),
          post("/numbers/unlock", json::object()), post("/numbers/forget-devices", json::object()),
          post("/estimate", {{"phone_number", number}})}) {
        auto const reply = service.client.ask(guarded);
        BOOST_TEST(reply.status == 401U);
        check_described(path_of(guarded.target), guarded, reply);
    }
}

BOOST_AUTO_TEST_CASE(replies_about_routes_and_money_are_as_documented) {
    service_fixture service;
    auto const check = [&service](http_request const& request, unsigned expected) {
        auto const reply = service.client.ask(request);
        BOOST_TEST(reply.status == expected, reply.body);
        check_described(path_of(request.target), request, reply);
        return object_of(reply);
    };
    auto const estimate = [&](json::object body, unsigned expected) {
        body["phone_number"] = service.fresh_number();
        return check(post("/estimate", body), expected);
    };
    auto const fail_once = [&service](char const* endpoint, unsigned status) {
        service.stub.set_fault(
            {{"fault", "status"}, {"status", status}, {"endpoint", endpoint}, {"count", 1}});
    };

    auto const sent = check(service.send_request(service.fresh_number()), 200);
    auto const report = "/deliveries/" + std::string(sent.at("bx_message_id").as_string());
    check(get(report), 200);
    service.stub.control(
        "POST", "messages",
        {{"bx_message_id", sent.at("bx_message_id")}, {"state", "FAILED"}, {"error", "absent"}});
    auto const failed = check(get(report), 200);
    BOOST_TEST(failed.at("delivery").as_string() == "failed");
    BOOST_TEST(failed.at("error").as_string() == "absent");
    check(get("/deliveries/BX-0"), 404);
    fail_once("dlr", 500);
    check(get(report), 502);

    estimate({{"route_id", 1}, {"purpose", "payment"}}, 200);
    estimate({{"route_id", 6}}, 403);
    estimate({{"route_id", 9}}, 422);
    fail_once("estimate", 402);
    estimate({}, 502);
    auto plain = post("/estimate", {{"phone_number", service.fresh_number()}});
    plain.fields.clear();
    check(plain, 415);

    check(get("/routes/6/pricing"), 403);
    fail_once("pricing", 500);
    check(get("/routes/1/pricing"), 502);
    check(get("/routes/1/pricing"), 200);
    fail_once("balance", 401);
    check(get("/balance"), 502);
    fail_once("routes", 500);
    check(get("/routes"), 502);
    check(get("/routes"), 200);

    check(get("/routes/scores?country=NL&window=3600"), 200);
    check(get("/routes/scores?country=nl&window=1&x=y"), 422);
    auto const verification =
        "/verifications/" + std::string(sent.at("verification_id").as_string());
    check(get(verification + "?wait=0"), 200);
    check(get(verification + "?wait=1"), 200);
    check(get(verification + "?wait=61"), 422);

    auto const number = service.fresh_number();
    check(post("/send-otp", {{"phone_number", number}, {"route_plan", "none"}}), 422);
    check(post("/send-otp", {{"phone_number", number}, {"route_plan", "a"}, {"route_id", 1}}), 422);
    check(post("/send-otp", {{"phone_number", number}, {"max_price", "0.000001"}}), 403);
}

BOOST_AUTO_TEST_CASE(an_unreachable_upstream_is_as_documented) {
    service_fixture service;
    service.stub.process().signal(SIGTERM);
    BOOST_TEST(service.stub.process().wait() == 0);
    auto const ask_for = [&service](http_request const& request) {
        auto const reply = service.client.ask(request);
        check_described(path_of(request.target), request, reply);
        return reply;
    };
    for (auto const* const question :
         {"/routes", "/balance", "/routes/1/pricing", "/deliveries/BX-0"})
        check_outcome(ask_for(get(question)), 503, "upstream_failed");
    check_outcome(ask_for(post("/estimate", {{"phone_number", service.fresh_number()}})), 503,
                  "upstream_failed");
    // After failed connects the circuit stays open for a while, and the service is not ready
    // meanwhile.
    eventually([&] {
        check_outcome(ask_for(service.send_request(service.fresh_number())), 503,
                      "upstream_unavailable");
        auto const ready = ask_for(get("/readyz"));
        if (ready.status == 503) check_outcome(ready, 503, "not_ready");
        return ready.status == 503;
    });
    check_outcome(service.client.ask(get("/livez")), 200);
}

BOOST_AUTO_TEST_SUITE_END()
