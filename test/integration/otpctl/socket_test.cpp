// The operator's Unix socket of a real otpd, and otpctl on it.

#include "integration/service/service_fixture.hpp"
#include "otpctl/exchange.hpp"
#include "support/eventually.hpp"

#include <sys/stat.h>

#include <filesystem>

using namespace otpd;
using namespace otpd::test;

namespace {

constexpr char const* operators_token = "token-of-the-operator";

std::string client_named(std::string const& name) {
    return "[[client]]\nname = \"" + name + "\"\ntoken_sha256 = [\"" + sha256_of("token-" + name) +
           "\"]\n";
}

/// What a program wrote, and how it ended.
struct ended {
    int code = 0;
    std::string output, errors;
};

/// otpd with two clients and a socket.
struct with_socket {
    explicit with_socket(environment more = {})
        : service(std::move(more) | environment{{"OTPD_ADMIN_SOCKET", path},
                                                {"OTPD_ADMIN_TOKEN", operators_token}},
                  client_named("a") + client_named("b")) {}

    [[nodiscard]] otpctl::reply ask(std::string verb, std::string target,
                                    std::string body = {}) const {
        otpctl::place at;
        at.socket = path;
        at.timeout = std::chrono::seconds(20);
        otpctl::call what;
        what.verb = std::move(verb);
        what.target = std::move(target);
        what.body = std::move(body);
        return otpctl::exchange(at, what);
    }
    ended run(std::vector<std::string> words, environment variables = {}) {
        variables.emplace("OTPD_SOCKET", path);
        temporary_directory const place;
        child_process program(OTPCTL_PROGRAM, std::move(words), std::move(variables), place);
        int const code = program.wait();
        return {code, program.output(), program.errors()};
    }
    raw_reply by_a(http_request const& request) {
        return service.client.ask(request.with("Authorization", "Bearer token-a"));
    }

    temporary_directory directory;
    std::string path = directory.path() + "/otpd.sock";
    service_fixture service;
};

bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(otpctl_socket)

BOOST_AUTO_TEST_CASE(serves_the_operator_without_a_token) {
    with_socket with;
    struct stat found{};
    BOOST_REQUIRE(::lstat(with.path.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 07777U) == 0600U);
    BOOST_TEST(with.ask("GET", "/balance").status == 200U);
    BOOST_TEST(with.ask("GET", "/routes/scores").status == 200U);
    BOOST_TEST(contains(with.ask("GET", "/metrics").body, "otpd_"));
    BOOST_TEST(with.ask("POST", "/send-otp", "{}").status == 404U); // the operator does not send
    auto const unlocked = with.ask("POST", "/numbers/unlock",
                                   R"({"client":"a","phone_number":"31612345678","reason":"r"})");
    BOOST_TEST(unlocked.status == 200U);
    with.service.otpd.wait_for_event("number_unlocked");
    auto const lines = with.service.otpd.events("number_unlocked");
    BOOST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(lines.front().at("by").as_string() == "(operator)");
}

BOOST_AUTO_TEST_CASE(serves_more_connections_of_its_one_address_than_others_may_have) {
    with_socket with(environment{{"OTPD_SERVER_CONNECTIONS_PER_ADDRESS_MAX", "1"}});
    for (int n = 0; n < 4; ++n)
        BOOST_TEST(with.ask("GET", "/metrics").status == 200U);
}

BOOST_AUTO_TEST_CASE(is_gone_after_the_end) {
    with_socket with;
    BOOST_TEST(with.service.otpd.stop() == 0);
    BOOST_TEST(!std::filesystem::exists(with.path));
}

BOOST_AUTO_TEST_CASE(of_a_killed_otpd_is_replaced_and_of_a_live_one_refused) {
    with_socket with;
    auto const settings = [&with] {
        return environment{{"OTPD_ADMIN_SOCKET", with.path},
                           {"OTPD_SERVER_LISTEN", "127.0.0.1:0"},
                           {"OTPD_ADMIN_LISTEN", "127.0.0.1:0"}} |
               service_fixture::upstream_at(with.service.stub.url());
    };
    temporary_directory const place;
    child_process second(OTPD_PROGRAM, {}, settings(), place);
    BOOST_TEST(second.wait() == 1);
    BOOST_TEST(contains(second.errors(), with.path + ": another process listens there"));
    BOOST_TEST(with.ask("GET", "/metrics").status == 200U);

    with.service.expected_exit = 128 + SIGKILL;
    with.service.otpd.process().signal(SIGKILL);
    with.service.otpd.process().wait();
    BOOST_TEST(std::filesystem::exists(with.path));
    otpd_process third(OTPD_PROGRAM, settings());
    third.wait_for_event("listening");
    BOOST_TEST(with.ask("GET", "/metrics").status == 200U);
    BOOST_TEST(third.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_the_service_as_a_signal_does) {
    with_socket with;
    auto const answer = with.ask("POST", "/drain", R"({"reason":"ticket 4711"})");
    BOOST_TEST(answer.status == 202U);
    BOOST_TEST(answer.body == R"({"status":"draining"})");
    BOOST_TEST(with.service.otpd.process().wait() == 0);
    auto const asked = with.service.otpd.events("drain_requested");
    BOOST_REQUIRE(asked.size() == 1U);
    BOOST_TEST(asked.front().at("reason").as_string() == "ticket 4711");
    BOOST_TEST(asked.front().at("by").as_string() == "(operator)");
    BOOST_TEST(with.service.otpd.events("draining").size() == 1U);
    BOOST_TEST(with.service.otpd.events("stopped").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_second_drain_ends_nothing_early) {
    with_socket with(environment{{"OTPD_SERVER_DRAIN_DELAY_MS", "2000"}});
    BOOST_TEST(with.ask("POST", "/drain", "{}").status == 202U);
    with.service.otpd.wait_for_event("draining");
    BOOST_TEST(with.ask("POST", "/drain", "{}").status == 202U);
    BOOST_TEST(with.service.otpd.process().wait() == 0);
    BOOST_TEST(with.service.otpd.events("draining").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_drain_after_a_signal_ends_nothing_early) {
    with_socket with(environment{{"OTPD_SERVER_DRAIN_DELAY_MS", "2000"}});
    with.service.otpd.process().signal(SIGTERM);
    with.service.otpd.wait_for_event("draining");
    BOOST_TEST(with.ask("POST", "/drain", "{}").status == 202U);
    BOOST_TEST(with.service.otpd.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_drain_is_the_operators_alone) {
    with_socket with;
    check_outcome(with.by_a(post("/drain", {})), 404, "not_found");
    http_client admin(with.service.otpd.admin_port());
    check_outcome(admin.ask(post("/drain", {})), 401);
    check_outcome(with.by_a(get("/livez")), 200);
    auto const token = std::string("Bearer ") + operators_token;
    auto const bad = post("/drain", {{"reason", ""}}).with("Authorization", token);
    check_outcome(admin.ask(bad), 422, "validation_failed");
    check_outcome(admin.ask(post("/drain", {}).with("Authorization", token)), 202);
    BOOST_TEST(with.service.otpd.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(otpctl_unlocks_and_forgets) {
    with_socket with;
    auto const number = with.service.fresh_number();
    auto const unlocked = with.run({"unlock", number, "--client", "a", "--reason", "ticket 4711"});
    BOOST_TEST(unlocked.code == 0);
    BOOST_TEST(unlocked.errors == "");
    BOOST_TEST(contains(unlocked.output, "status             number_unlocked\n"));
    auto const forgotten = with.run({"forget", number, "--client", "b", "--json"});
    BOOST_TEST(forgotten.code == 0);
    BOOST_TEST(contains(forgotten.output, R"({"status":"devices_forgotten","client":"b")"));
    auto const refused = with.run({"unlock", number, "--client", "c", "--reason", "x"});
    BOOST_TEST(refused.code == 1);
    BOOST_TEST(contains(refused.errors, "[client_not_found]"));
    BOOST_TEST(!contains(with.service.otpd.process().output(), number));
}

BOOST_AUTO_TEST_CASE(otpctl_drains_with_a_token_over_tcp_or_not_at_all) {
    with_socket with;
    auto const url = "http://127.0.0.1:" + std::to_string(with.service.otpd.admin_port());
    auto const refused = with.run({"drain", "--url", url});
    BOOST_TEST(refused.code == 1);
    BOOST_TEST(contains(refused.errors, "set OTPD_ADMIN_TOKEN, or --token-file"));
    auto const file = with.directory.add("token", std::string(operators_token) + "\n");
    auto const done = with.run({"drain", "--url", url, "--token-file", file});
    BOOST_TEST(done.output == "status  draining\n");
    BOOST_TEST(with.service.otpd.process().wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
