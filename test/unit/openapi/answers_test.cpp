// What the routes really answer is what the document says they do.

#include "api_document.hpp"
#include "coroutines.hpp"
#include "fake_gateway.hpp"
#include "otpd/api/paths.hpp"
#include "otpd/api/routes.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/http/router.hpp"
#include "otpd/store/memory_store.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <set>

using namespace otpd;
using namespace openapi_test;
namespace json = boost::json;
namespace asio = boost::asio;

namespace {

otp::policy with_debug_codes() {
    otp::policy rules;
    rules.reveal_codes = true;
    return rules;
}

/// The API on a memory store and an upstream that says what it is told to.
struct service {
    explicit service(std::string const& token = {}) : callers(secret_string(token)) {
        api::add_routes(routes, {domain, store, callers,
                                 [this]() -> asio::awaitable<std::optional<std::string_view>> {
                                     co_return not_ready;
                                 },
                                 "https://hi.bridgexapi.io"});
    }

    /// Asks, checks the answer against the document, and returns its body (null if there is none).
    json::value ask(http::method verb, std::string_view path, std::string_view body,
                    unsigned expected, std::string_view content_type = "application/json") {
        std::array const fields{http::field_view{"Content-Type", content_type}};
        http::request_parts parts;
        parts.verb = verb;
        parts.target = parts.path = path;
        parts.body = body;
        parts.fields = fields;
        parts.request_id = "4632243359b3af9162b51d6861002d3f";
        http::request const request(parts);
        http::path_parameters parameters;
        auto const found = routes.find(verb, path, parameters);
        BOOST_REQUIRE(found.call != nullptr);
        auto const answer = test::run(context, (*found.call)(request, parameters));
        BOOST_TEST(answer.status == expected);
        return check(answer, found.pattern, verb == http::method::post ? "post" : "get");
    }
    json::value post(std::string_view path, std::string_view body, unsigned expected) {
        return ask(http::method::post, path, body, expected);
    }
    json::value get(std::string_view path, unsigned expected) {
        return ask(http::method::get, path, {}, expected);
    }

    static json::value check(http::response const& answer, std::string_view path,
                             std::string_view verb) {
        auto const* const promised = find_response(path, verb, answer.status);
        BOOST_REQUIRE_MESSAGE(promised, path << " does not promise " << answer.status);
        auto const retry = [](auto const& field) { return field.name == "Retry-After"; };
        BOOST_TEST(std::ranges::any_of(answer.headers, retry) ==
                   promised->at("headers").as_object().contains("Retry-After"));
        if (answer.status == 304) return {};
        auto const type = answer.content_type.substr(0, answer.content_type.find(';'));
        auto const& schema = schema_of(*promised, type);
        if (!type.ends_with("json")) return {};
        auto body = json::parse(answer.content());
        // The document itself is described by its three main members only.
        if (path != api::paths::openapi) BOOST_TEST(fault(schema, body) == "");
        return body;
    }

    asio::io_context context;
    system_clock clock;
    openssl_random random;
    store::memory_store store{context.get_executor(), clock, store::memory_options{}};
    test::fake_gateway gateway;
    otp::key_ring keys{secret_string(std::string(32, 'k')), {}, secret_string()};
    telemetry::logger log;
    telemetry::metrics metrics{telemetry::metrics_options{"test", {}}};
    otp::service domain{with_debug_codes(), otp::service::dependencies{store, gateway, keys, clock,
                                                                       random, log, metrics}};
    api::authenticator callers;
    std::optional<std::string_view> not_ready;
    http::router routes;
};

std::string const one_number = R"({"phone_number":"+31612345678"})";

std::string guess(std::string_view code) {
    return R"({"phone_number":"31612345678","code":")" + std::string(code) + "\"}";
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_answers)

BOOST_AUTO_TEST_CASE(routes_are_those_of_the_document) {
    service s;
    std::set<std::string> there;
    std::set<std::string> described;
    for (auto const& route : s.routes.routes())
        there.insert(route.pattern + (route.verb == http::method::post ? " post" : " get"));
    for (auto const& [path, item] : document().at("paths").as_object())
        for (auto const& [verb, operation] : item.as_object())
            described.insert(std::string(path) + ' ' + std::string(verb));
    BOOST_TEST(there == described, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_code_is_sent_and_verified) {
    service s;
    s.post("/send-otp", one_number, 200);
    s.post("/send-otp", one_number, 429);
    auto const code = s.gateway.last_code();
    s.post("/verify-otp", guess(code == "000000" ? "000001" : "000000"), 400);
    s.post("/verify-otp", guess(code), 200);
    s.post("/verify-otp", guess(code), 404);
}

BOOST_AUTO_TEST_CASE(a_code_and_a_number_run_out_of_guesses) {
    service s;
    s.post("/send-otp", one_number, 200);
    auto const wrong = guess(s.gateway.last_code() == "000000" ? "000001" : "000000");
    for (unsigned i = 0; i < s.domain.rules().attempts_max; ++i)
        s.post("/verify-otp", wrong, 400);
    s.post("/verify-otp", wrong, 429);
}

BOOST_AUTO_TEST_CASE(nulls_are_where_the_upstream_says_nothing) {
    service s;
    s.gateway.on_send = [](bridgexapi::sms const&) { return bridgexapi::accepted{}; };
    auto const body = s.post("/send-otp", one_number, 200);
    for (auto const* name :
         {"bx_message_id", "order_id", "delivery_status_url", "cost", "currency"})
        BOOST_TEST(body.at(name).is_null(), name);
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

BOOST_AUTO_TEST_CASE(every_fault_of_a_body) {
    service s;
    for (std::string_view body :
         {"", "{", "[]", "{}", R"({"phone_number":1,"purpose":"","route_id":0})",
          R"({"phone_number":"0","route_id":9})", R"({"phone_number":"x","route_id":"3"})",
          R"({"phone_number":"31612345678","phone_number":"31612345678"})"}) {
        BOOST_TEST_CONTEXT(body) {
            s.post("/send-otp", body, 422);
            s.post("/verify-otp", body, 422);
        }
    }
    s.ask(http::method::post, "/send-otp", one_number, 415, "text/plain");
    s.post("/send-otp", R"({"phone_number":"31612345678","route_id":6})", 403);
}

BOOST_AUTO_TEST_CASE(a_token_is_asked_for_where_the_document_says_so) {
    service s("token");
    for (auto const& [path, item] : document().at("paths").as_object())
        for (auto const& [verb, operation] : item.as_object()) {
            if (operation.at("security").as_array().empty()) continue;
            s.ask(verb == "post" ? http::method::post : http::method::get, path, "{}", 401);
        }
    for (auto const* open : {"/health", "/livez", "/readyz", "/openapi.json", "/docs"})
        s.get(open, 200);
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
