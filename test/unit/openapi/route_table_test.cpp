// Checks the table of routes row by row: each row is applied, described and counted.

#include "api/route_table.hpp"
#include "api_service.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

using namespace otpd;
using namespace openapi_test;

namespace {

/// A path of the table as a request target.
std::string target_for(std::string path) {
    if (path.starts_with("/routes/{id}")) return "/routes/3/pricing";
    for (std::string const variable : {"{id}", "{bx_message_id}", "{file}", "{client}"})
        if (auto const at = path.find(variable); at != path.npos)
            path.replace(at, variable.size(), "x");
    return path;
}

/// The rows that the API's listener has.
std::vector<api::row> rows_of_the_api() {
    std::vector<api::row> rows;
    for (auto const& one : api::route_table())
        if (one.who != api::access::only_operator && one.who != api::access::anybody_on_admin)
            rows.push_back(one);
    return rows;
}

/// With one token, for a client that may make this many requests a minute.
service with_token(bool is_tenant = false, std::uint64_t reads = 200) {
    auto client = client_of("default", {"token"});
    client.profile.is_tenant = is_tenant;
    return service(with_debug_codes(), {client}, nullptr, {}, reads);
}

/// The status of a request that would get 422 or 404 after the checks of its row.
unsigned status_of(service& s, api::row const& one) {
    service::call call(s, one.verb, target_for(std::string(one.path)), "{}");
    return test::run(s.context, call.start()).status;
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_route_table)

BOOST_AUTO_TEST_CASE(every_row_asks_for_a_token_unless_it_is_anybodys) {
    auto s = with_token();
    for (auto const& one : rows_of_the_api())
        BOOST_TEST((status_of(s, one) == 401U) == (one.who != api::access::anybody),
                   verb_of(one.verb) << ' ' << one.path);
}

// 401 takes precedence over 415, and 415 over faults of the body. A hook's signature covers the
// body, so its type comes first.
BOOST_AUTO_TEST_CASE(every_post_takes_json_and_nothing_else) {
    auto s = with_token();
    s.content_type = "text/plain";
    for (auto const& one : rows_of_the_api()) {
        BOOST_TEST_CONTEXT(verb_of(one.verb) << ' ' << one.path) {
            bool const posts = one.verb == http::method::post;
            BOOST_TEST((one.body == api::content::json) == posts);
            s.authorization.clear();
            BOOST_TEST((status_of(s, one) == 401U) ==
                       (one.who != api::access::anybody && one.who != api::access::a_hook));
            s.authorization = "Bearer token";
            BOOST_TEST((status_of(s, one) == 415U) == posts);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_read_is_counted_where_its_row_says_so) {
    auto s = with_token(false, 1);
    s.authorization = "Bearer token";
    s.get("/routes", 200);
    for (auto const& one : rows_of_the_api())
        BOOST_TEST((status_of(s, one) == 429U) == (one.counted == api::limit::reads),
                   verb_of(one.verb) << ' ' << one.path);
}

// 429 takes precedence over 403: refused requests are counted.
BOOST_AUTO_TEST_CASE(one_of_several_clients_is_refused_what_is_the_operators) {
    auto s = with_token(true);
    s.authorization = "Bearer token";
    for (auto const& one : rows_of_the_api())
        BOOST_TEST((status_of(s, one) == 403U) == (one.who == api::access::the_operator), one.path);
    auto counted = with_token(true, 1);
    counted.authorization = "Bearer token";
    counted.get("/routes/scores", 403);
    counted.get("/routes/scores", 429);
}

BOOST_AUTO_TEST_CASE(the_operator_has_the_rows_that_say_so) {
    service s;
    http::router admin;
    api::add_operator_routes(
        admin, {s.domain, s.catalogue, s.report, s.stats, s.limit, s.callers, {}, {}, {}, {}});
    std::set<std::string> there;
    for (auto const& one : admin.routes())
        there.insert(std::string(verb_of(one.verb)) + ' ' + one.pattern);
    std::set<std::string> const expected{"get /abuse",
                                         "get /balance",
                                         "get /clients",
                                         "get /console",
                                         "get /console/{file}",
                                         "get /destinations",
                                         "get /deliveries/{bx_message_id}",
                                         "get /routes/scores",
                                         "get /stats",
                                         "get /verifications/{id}",
                                         "post /drain",
                                         "post /destinations",
                                         "post /destinations/end",
                                         "post /numbers/find",
                                         "post /numbers/forget-devices",
                                         "post /numbers/limits",
                                         "post /numbers/unlock",
                                         "post /reload"};
    BOOST_TEST(there == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_api_s_listener_lacks_what_is_the_operator_s_alone) {
    service s;
    std::size_t alone = 0;
    for (auto const& one : api::route_table()) {
        if (one.who != api::access::only_operator && one.who != api::access::anybody_on_admin)
            continue;
        http::path_parameters parameters;
        auto const path = target_for(std::string(one.path));
        BOOST_TEST((s.routes.find(one.verb, path, parameters).call == nullptr), one.path);
        ++alone;
    }
    BOOST_TEST(alone > 0U);
}

BOOST_AUTO_TEST_CASE(every_row_is_served_under_each_server_of_the_document_with_one_label) {
    service s;
    http::router admin;
    api::add_operator_routes(
        admin, {s.domain, s.catalogue, s.report, s.stats, s.limit, s.callers, {}, {}, {}, {}});
    auto const& servers = document().at("servers").as_array();
    BOOST_TEST(servers.size() == 2U);
    http::path_parameters parameters;
    for (auto const& server : servers) {
        std::string_view base = server.at("url").as_string();
        if (base == "/") base = {};
        for (auto const& one : api::route_table()) {
            auto const target = std::string(base) + target_for(std::string(one.path));
            BOOST_TEST_CONTEXT(verb_of(one.verb) << ' ' << target) {
                bool const is_operators_alone = one.who == api::access::only_operator ||
                                                one.who == api::access::anybody_on_admin;
                auto const found = s.routes.find(one.verb, target, parameters);
                BOOST_TEST((found.call == nullptr) == is_operators_alone);
                if (!is_operators_alone) BOOST_TEST(found.pattern == one.path);
                bool const operators = is_operators_alone || one.who == api::access::the_operator ||
                                       one.who == api::access::client_and_operator;
                auto const of_admin = admin.find(one.verb, target, parameters);
                BOOST_TEST((of_admin.outcome == http::router::match::kind::found) == operators);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_code_is_sent_and_verified_under_the_version) {
    service s;
    auto const sent = s.post("/v1/send-otp", R"({"phone_number":"+31612345678"})", 200);
    std::string const id(sent.at("verification_id").as_string());
    boost::json::object const guess{
        {"phone_number", "+31612345678"}, {"code", s.gateway.last_code()}, {"verification_id", id}};
    s.post("/verify-otp", boost::json::serialize(guess), 200);
    BOOST_TEST(s.get("/v1/verifications/" + id, 200).at("state").as_string() == "verified");
}

BOOST_AUTO_TEST_CASE(a_drain_says_why_and_is_accepted) {
    service s;
    s.post("/drain", R"({"reason":"ticket 4711"})", 202);
    s.post("/drain", "{}", 202);
    for (auto const* reason : {"", "asked by +31612345678", "asked by 0031 6 12.34-56 (78)"})
        BOOST_TEST(s.refused("/drain", std::string(R"({"reason":")") + reason + "\"}", 422) ==
                       "validation_failed",
                   reason);
    BOOST_TEST((s.drain_reasons == std::vector<std::string>{"ticket 4711", ""}));
}

BOOST_AUTO_TEST_CASE(what_is_the_operator_s_alone_is_described_at_his_listener_and_with_a_token) {
    for (auto const& one : api::route_table()) {
        bool const is_page = one.who == api::access::anybody_on_admin;
        bool const is_operators_alone = is_page || one.who == api::access::only_operator;
        BOOST_TEST_CONTEXT(verb_of(one.verb) << ' ' << one.path) {
            auto const& operation =
                document().at("paths").at(one.path).at(verb_of(one.verb)).as_object();
            BOOST_TEST(operation.contains("servers") == is_operators_alone);
            if (!is_operators_alone) continue;
            auto const& server = operation.at("servers").at(0);
            BOOST_TEST(server.at("url").as_string() == "http://127.0.0.1:9464");
            BOOST_TEST(boost::json::serialize(operation.at("security")) ==
                       (is_page ? "[]" : R"([{"bearer":[]}])"));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_row_is_described_and_has_a_label) {
    auto const all = api::paths();
    BOOST_TEST(std::set(all.begin(), all.end()).size() == all.size());
    telemetry::metrics metrics(
        telemetry::metrics_options{"test", std::vector<std::string>(all.begin(), all.end())});
    for (auto const& one : api::route_table()) {
        BOOST_TEST_CONTEXT(verb_of(one.verb) << ' ' << one.path) {
            auto const& operation = document().at("paths").at(one.path).at(verb_of(one.verb));
            BOOST_TEST(
                operation.at("security").as_array().empty() ==
                (one.who == api::access::anybody || one.who == api::access::anybody_on_admin));
            metrics.http_request(one.path, http::to_string(one.verb), 200, {});
            auto const label = "route=\"" + std::string(one.path) + '"';
            BOOST_TEST(metrics.scrape().find(label) != std::string::npos);
        }
    }
    BOOST_TEST(metrics.scrape().find("route=\"other\"") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
