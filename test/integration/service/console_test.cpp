// The console and its figures, which are the operator's: on the admin listener, never on the API's.
// script/console tests the pages in a browser.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <cstdlib>
#include <string>

using namespace otpd::test;

namespace {

constexpr char const* operators_token = "token-of-the-operator";

struct operated {
    explicit operated(environment more = {})
        : service(std::move(more) | environment{{"OTPD_ADMIN_TOKEN", operators_token}}),
          admin(service.otpd.admin_port()) {}

    json::object told(std::string const& path) {
        auto const reply =
            admin.ask(get(path).with("Authorization", std::string("Bearer ") + operators_token));
        check_outcome(reply, 200);
        return object_of(reply);
    }
    std::int64_t counted(char const* counter, char const* name) {
        auto const all = told("/stats");
        return all.at("counters").at(counter).at(name).as_int64();
    }

    service_fixture service;
    http_client admin;
};

} // namespace

BOOST_AUTO_TEST_SUITE(service_console)

BOOST_AUTO_TEST_CASE(only_the_admin_listener_has_the_console_and_its_figures) {
    operated with;
    for (auto const* path : {"/console", "/console/main.js", "/stats", "/abuse"})
        check_outcome(with.service.client.ask(get(path)), 404, "not_found");
    for (auto const* path : {"/stats", "/abuse"})
        check_outcome(with.admin.ask(get(path)), 401, "unauthorized");
    service_fixture without;
    http_client bare(without.otpd.admin_port());
    for (auto const* path : {"/console", "/stats", "/abuse"})
        check_outcome(bare.ask(get(path)), 404, "not_found");
}

// Who may not ask for a path does not learn its methods either.
BOOST_AUTO_TEST_CASE(other_methods_are_answered_as_the_path_is_to_strangers) {
    operated with;
    service_fixture without;
    http_client bare(without.otpd.admin_port());
    for (auto const* path : {"/stats", "/drain", "/v1/numbers/find", "/verifications/x"}) {
        for (auto const* method : {"OPTIONS", "PUT"}) {
            BOOST_TEST_CONTEXT(method << ' ' << path) {
                http_request request;
                request.method = method;
                request.target = path;
                check_outcome(with.admin.ask(request), 401, "unauthorized");
                check_outcome(bare.ask(request), 404, "not_found");
                auto const known =
                    request.with("Authorization", std::string("Bearer ") + operators_token);
                auto const reply = with.admin.ask(known);
                bool const is_options = std::string_view(method) == "OPTIONS";
                BOOST_TEST(reply.status == (is_options ? 204U : 405U));
                BOOST_TEST(reply.field("Allow").ends_with("OPTIONS"));
            }
        }
    }
    http_request page;
    page.method = "OPTIONS";
    page.target = "/console";
    BOOST_TEST(with.admin.ask(page).field("Allow") == "GET, HEAD, OPTIONS");
    check_outcome(bare.ask(page), 404, "not_found");
}

BOOST_AUTO_TEST_CASE(the_pages_allow_nothing_inline_and_nothing_from_elsewhere) {
    operated with;
    auto const page = with.admin.ask(get("/console"));
    BOOST_REQUIRE(page.status == 200U);
    auto const policy = page.field("Content-Security-Policy");
    for (auto const* part : {"default-src 'none'", "script-src 'self';", "style-src 'self';",
                             "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"})
        BOOST_TEST(policy.find(part) != std::string::npos, part << " is not in " << policy);
    BOOST_TEST(policy.find("unsafe") == std::string::npos);
    BOOST_TEST(!page.has("Set-Cookie"));
    for (auto const* file : {"main.js", "page.css", "timeline.js"}) {
        auto const reply = with.admin.ask(get(std::string("/console/") + file));
        BOOST_TEST(reply.status == 200U);
        BOOST_TEST(reply.field("Content-Security-Policy") == policy);
    }
    check_outcome(with.admin.ask(get("/console/nope.js")), 404, "not_found");
}

BOOST_AUTO_TEST_CASE(stats_count_sends_checks_and_refusals) {
    operated with;
    auto const number = with.service.fresh_number();
    auto const code = with.service.sent_code(number);
    check_outcome(with.service.send(number), 429, "cooldown_active");
    check_outcome(with.service.verify(number, wrong_code(code)), 400);
    check_outcome(with.service.verify(number, code), 200);
    BOOST_TEST(with.counted("sends", "accepted") == 1);
    BOOST_TEST(with.counted("sends", "cooldown") == 1);
    BOOST_TEST(with.counted("checks", "wrong") == 1);
    BOOST_TEST(with.counted("checks", "verified") == 1);
    BOOST_TEST(with.counted("refusals", "cooldown") == 1);
    auto const all = with.told("/stats");
    BOOST_TEST(all.at("ready").as_bool());
    BOOST_TEST(all.at("faults").as_array().empty());
    auto const& send = all.at("latencies").at("send");
    BOOST_TEST(send.at("count").to_number<int>() == 2);
    BOOST_TEST(send.at("buckets").as_array().back().at(1).to_number<int>() <= 2);
}

BOOST_AUTO_TEST_CASE(a_service_that_is_not_ready_says_why) {
    operated with;
    with.service.stub.process().signal(SIGTERM);
    BOOST_TEST(with.service.stub.process().wait() == 0);
    eventually([&] {
        with.service.send(with.service.fresh_number());
        auto const all = with.told("/stats");
        if (all.at("ready").as_bool()) return false;
        BOOST_TEST(all.at("faults").at(0).as_string() ==
                   "not ready: the upstream cannot be reached");
        return true;
    });
}

// The operator sees the prefix; no line of the log does.
BOOST_AUTO_TEST_CASE(abuse_names_the_prefixes_that_are_refused) {
    operated with(environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}, {"OTPD_LIMITS_PREFIX_1H", "2"}});
    std::string const prefix = "3161277";
    for (int i = 0; i < 5; ++i)
        with.service.send(prefix + std::to_string(1000 + i));
    auto const abuse = with.told("/abuse");
    auto const& first = abuse.at("prefixes").at(0);
    BOOST_TEST(first.at("prefix").as_string() == '+' + prefix);
    BOOST_TEST(first.at("refused").to_number<int>() == 3);
    BOOST_TEST(first.at("country").as_string() == "NL");
    BOOST_TEST(first.at("limits").as_string() == "prefix_1h");
    for (auto const& line : with.service.otpd.log())
        BOOST_TEST(json::serialize(line).find(prefix) == std::string::npos);
}

// What a browser would find, if node can parse it here.
BOOST_AUTO_TEST_CASE(every_module_of_the_console_can_be_parsed) {
    if (std::system("node --version >/dev/null 2>&1") != 0) {
        BOOST_TEST_MESSAGE("no node: not checked");
        return;
    }
    for (auto const* name : {"abuse", "api", "format", "main", "money", "now", "plot", "routes",
                             "search", "timeline"}) {
        auto const command =
            "node --input-type=module --check < " CONSOLE_MODULES "/" + std::string(name) + ".js";
        BOOST_TEST(std::system(command.c_str()) == 0, name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
