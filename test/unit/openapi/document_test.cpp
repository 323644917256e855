// Checks of the document on its own: it is complete, it belongs to this build, and it describes
// every refusal of the API and of the server.

#include "api/problems.hpp"
#include "api_document.hpp"
#include "http/framing_fault.hpp"
#include "otpd/api/routes.hpp"
#include "version.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace openapi_test;
namespace json = boost::json;

namespace {

/// Calls `see(pointer, value)` for everything in the document.
template <class See>
void walk(std::string const& at, json::value const& node, See const& see) {
    see(at, node);
    if (auto const* object = node.if_object())
        for (auto const& [name, member] : *object)
            walk(at + '/' + std::string(name), member, see);
    if (auto const* array = node.if_array())
        for (auto const& item : *array)
            walk(at + "/-", item, see);
}

template <class See>
void for_each_operation(See const& see) {
    for (auto const& [path, item] : document().at("paths").as_object())
        for (auto const& [verb, operation] : item.as_object())
            see(std::string_view(path), std::string_view(verb), operation);
}

/// Whether the operation's response with that status allows this word as the problem's code.
bool describes(std::string_view path, std::string_view verb, unsigned status,
               std::string_view code) {
    auto const* const response = find_response(path, verb, status);
    if (response == nullptr) return false;
    json::object problem{{"type", "about:blank"},
                         {"title", "-"},
                         {"status", status},
                         {"detail", "-"},
                         {"code", code}};
    auto const why = fault(schema_of(*response, "application/problem+json"), problem);
    // Some problems have extra members, which this does not check.
    return why.empty() || why.starts_with("lacks ");
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_document)

BOOST_AUTO_TEST_CASE(states_the_version_of_the_build) {
    BOOST_TEST(document().at("openapi").as_string() == "3.1.0");
    BOOST_TEST(document().at("info").at("version").as_string() == otpd::version);
}

BOOST_AUTO_TEST_CASE(describes_exactly_the_paths_there_are) {
    std::set<std::string_view> described;
    for (auto const& [path, item] : document().at("paths").as_object())
        described.insert(path);
    auto const all = otpd::api::paths();
    std::set<std::string_view> const there(all.begin(), all.end());
    BOOST_TEST(described == there, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(has_no_dangling_and_no_useless_part) {
    std::set<std::string> used;
    walk("#", document(), [&](std::string const& at, json::value const& node) {
        auto const* const object = node.if_object();
        if (object == nullptr || !object->contains("$ref")) return;
        used.emplace(object->at("$ref").as_string());
        BOOST_CHECK_NO_THROW(resolve(node));
        BOOST_TEST(object->size() == 1U, at << " says more than $ref");
    });
    for (auto const& [kind, parts] : document().at("components").as_object()) {
        if (kind == "securitySchemes") continue;
        for (auto const& [name, part] : parts.as_object()) {
            auto const pointer = "#/components/" + std::string(kind) + '/' + std::string(name);
            BOOST_TEST(used.contains(pointer), pointer << " is not used");
        }
    }
}

// The tests here and of the answers rely on this function finding faults.
BOOST_AUTO_TEST_CASE(is_compared_by_a_function_that_finds_faults) {
    json::value const schema = json::parse(
        R"({"allOf":[{"required":["a"],"properties":{"a":{"type":["integer","null"],"minimum":1}}},)"
        R"({"properties":{"b":{"enum":["x"]},"c":{"pattern":"^[0-9]+$"},"d":{"items":{"const":1}}}}]})");
    auto const wrong = [&](char const* text) { return !fault(schema, json::parse(text)).empty(); };
    for (auto const* good : {R"({"a":1})", R"({"a":null,"b":"x","c":"7","d":[1,1]})"})
        BOOST_TEST(!wrong(good), good);
    for (auto const* bad : {"{}", R"({"a":"1"})", R"({"a":0})", R"({"a":1,"b":"y"})",
                            R"({"a":1,"c":"x"})", R"({"a":1,"d":[2]})", R"({"a":1,"e":1})"})
        BOOST_TEST(wrong(bad), bad);
}

BOOST_AUTO_TEST_CASE(gives_examples_that_follow_its_own_schemas) {
    unsigned seen = 0;
    walk("#", document(), [&](std::string const& at, json::value const& node) {
        auto const* const media = node.if_object();
        if (media == nullptr || !media->contains("schema") || at.find("/content/") == at.npos)
            return;
        if (auto const* one = media->if_contains("example")) {
            BOOST_TEST(fault(media->at("schema"), *one) == "", at);
            ++seen;
        }
        if (auto const* many = media->if_contains("examples"))
            for (auto const& [name, example] : many->as_object()) {
                BOOST_TEST(fault(media->at("schema"), example.at("value")) == "", at);
                ++seen;
            }
    });
    BOOST_TEST(seen > 0U);
}

// Swagger UI fills in examples. A key or an id that is reused for the next try would confuse
// requests, so a header's example is in its description.
BOOST_AUTO_TEST_CASE(gives_no_header_a_value_that_the_page_would_send) {
    unsigned seen = 0;
    walk("#", document(), [&](std::string const& at, json::value const& node) {
        auto const* const parameter = node.if_object();
        if (parameter == nullptr || !parameter->contains("in") || at.find("/example") != at.npos ||
            at.find("/securitySchemes/") != at.npos)
            return;
        if (parameter->at("in").as_string() != "header") return;
        ++seen;
        auto const& schema = parameter->at("schema").as_object();
        for (auto const* const filled_in : {"example", "examples", "default"})
            BOOST_TEST((!parameter->contains(filled_in) && !schema.contains(filled_in)), at);
    });
    BOOST_TEST(seen > 0U);
}

BOOST_AUTO_TEST_CASE(names_and_explains_every_operation_and_response) {
    std::set<std::string_view> ids;
    for_each_operation([&](std::string_view path, std::string_view verb, json::value const& what) {
        BOOST_TEST_CONTEXT(verb << ' ' << path) {
            BOOST_TEST(ids.insert(what.at("operationId").as_string()).second);
            BOOST_TEST(!what.at("summary").as_string().empty());
            for (auto const& [status, response] : what.at("responses").as_object()) {
                BOOST_TEST_CONTEXT(status) {
                    auto const& resolved = resolve(response);
                    BOOST_TEST(!resolved.at("description").as_string().empty());
                    auto const& headers = resolved.at("headers").as_object();
                    BOOST_TEST(headers.contains("X-Request-Id"));
                    BOOST_TEST(headers.contains("X-Process-Time-Ms"));
                    bool const in_progress = status == "409" && path == "/send-otp";
                    bool const waits =
                        status == "429" || status == "502" || status == "503" || in_progress;
                    BOOST_TEST(headers.contains("Retry-After") == waits);
                    BOOST_TEST(headers.contains("RateLimit") ==
                               headers.contains("RateLimit-Policy"));
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(describes_every_way_the_server_refuses_a_request) {
    using otpd::http::framing_fault;
    auto const last = static_cast<int>(framing_fault::body_timeout);
    for_each_operation([&](std::string_view path, std::string_view verb, json::value const&) {
        for (int i = 0; i <= last; ++i) {
            auto const problem = otpd::http::to_problem(static_cast<framing_fault>(i));
            BOOST_TEST(describes(path, verb, problem.status, problem.code),
                       verb << ' ' << path << " lacks " << problem.status << ' ' << problem.code);
        }
        BOOST_TEST(describes(path, verb, 500, "internal_error"));
        BOOST_TEST(describes(path, verb, 503, "too_many_connections"));
        BOOST_TEST(describes(path, verb, 403, "local_only"), verb << ' ' << path);
    });
}

BOOST_AUTO_TEST_CASE(describes_every_way_the_domain_refuses) {
    using enum otpd::otp::errc;
    std::set<otpd::otp::errc> seen;
    auto const check = [&](std::string_view path, std::string_view verb,
                           std::initializer_list<otpd::otp::errc> all) {
        for (auto const code : all) {
            seen.insert(code);
            otpd::otp::failure const why{code, std::chrono::seconds(1)};
            auto const problem = otpd::api::to_problem(why);
            BOOST_TEST(describes(path, verb, problem.status, problem.code),
                       verb << ' ' << path << " lacks " << problem.status << ' ' << problem.code);
        }
    };
    check("/send-otp", "post",
          {number_invalid, number_other_spelling, destination_not_allowed, purpose_not_allowed,
           route_not_allowed, route_plan_unknown, no_route, message_too_long, cooldown_active,
           limit_exceeded, challenge_required, send_in_progress, idempotency_key_reused,
           upstream_rejected, upstream_unavailable, delivery_unknown, capacity_exhausted,
           store_unavailable});
    check("/verify-otp", "post",
          {purpose_not_allowed, limit_exceeded, invalid_code, no_active_otp, attempts_exceeded,
           guesses_exceeded, store_unavailable});
    check("/verifications/{id}", "get", {verification_not_found, store_unavailable});
    check("/deliveries/{bx_message_id}", "get",
          {delivery_not_found, upstream_failed, store_unavailable});
    check("/routes", "get", {upstream_failed});
    check("/routes/{id}/pricing", "get", {route_not_allowed, upstream_failed});
    check("/estimate", "post",
          {number_invalid, number_other_spelling, destination_not_allowed, purpose_not_allowed,
           route_not_allowed, message_too_long, upstream_failed});
    check("/balance", "get", {upstream_failed, store_unavailable});
    check("/routes/scores", "get", {operator_only});
    for (auto const* path : {"/numbers/unlock", "/numbers/forget-devices"}) {
        check(path, "post", {client_not_found, operator_only, store_unavailable});
        BOOST_TEST(describes(path, "post", 422, "validation_failed"), path);
    }
    for (auto const* path : {"/numbers/find", "/numbers/limits"})
        check(path, "post", {client_not_found, store_unavailable});
    check("/destinations", "post", {destinations_full, store_unavailable});
    check("/destinations/end", "post", {destination_not_found, store_unavailable});
    check("/destinations", "get", {store_unavailable});
    check("/verifications/{id}", "delete",
          {verification_not_found, verification_ended, store_unavailable});
    check("/verifications/{id}/outcome", "post",
          {verification_not_found, verification_ended, store_unavailable});
    for (auto const provider : otpd::api::provider_names) {
        auto const path = "/hooks/{client}/" + std::string(provider);
        check(path, "post",
              {number_invalid, number_other_spelling, destination_not_allowed, route_not_allowed,
               route_plan_unknown, no_route, message_too_long, cooldown_active, limit_exceeded,
               challenge_required, upstream_rejected, upstream_unavailable, capacity_exhausted,
               store_unavailable});
        BOOST_TEST(describes(path, "post", 422, "hook_message_invalid"), path);
        BOOST_TEST(describes(path, "post", 503, "send_in_progress"), path);
    }
    BOOST_TEST(seen.size() == static_cast<std::size_t>(store_unavailable) + 1); // the last one
    BOOST_TEST(describes("/send-otp", "post", 400, "idempotency_key_invalid"));
    BOOST_TEST(describes("/send-otp", "post", 422, "validation_failed"));
    for (auto const* asks :
         {"/deliveries/{bx_message_id}", "/routes", "/routes/{id}/pricing", "/balance"})
        BOOST_TEST(describes(asks, "get", 503, "upstream_failed"), asks);
    BOOST_TEST(describes("/estimate", "post", 503, "upstream_failed"));
    for (auto const* asks : {"/deliveries/{bx_message_id}", "/routes", "/routes/{id}/pricing",
                             "/balance", "/routes/scores"})
        BOOST_TEST(describes(asks, "get", 429, "limit_exceeded"), asks);
    BOOST_TEST(describes("/estimate", "post", 429, "limit_exceeded"));
    BOOST_TEST(describes("/routes/scores", "get", 422, "validation_failed"));
    BOOST_TEST(describes("/deliveries/{bx_message_id}", "get", 422, "validation_failed"));
    BOOST_TEST(describes("/verifications/{id}", "get", 422, "validation_failed"));
}

BOOST_AUTO_TEST_CASE(knows_every_reason_of_the_upstream) {
    auto const last = static_cast<int>(otpd::bridgexapi::reason::shutting_down);
    auto const& words =
        document().at("components").at("schemas").at("Reason").at("enum").as_array();
    BOOST_TEST(words.size() == static_cast<std::size_t>(last) + 1);
    for (int i = 0; i <= last; ++i) {
        auto const word = otpd::bridgexapi::to_string(static_cast<otpd::bridgexapi::reason>(i));
        BOOST_TEST((std::ranges::find(words, json::value(word)) != words.end()), word);
    }
}

BOOST_AUTO_TEST_SUITE_END()
