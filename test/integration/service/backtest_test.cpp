// A backtest over a timeline that the service wrote.

#include "service_fixture.hpp"

#include <fstream>

using namespace otpd::test;

namespace {

struct backtest_end {
    int code;
    std::string output;
    std::string errors;
};

/// A service that writes its timeline, and backtests over it.
struct timeline_service {
    explicit timeline_service(environment chosen)
        : settings(std::move(chosen) |
                   environment{{"OTPD_TIMELINE_FILE", directory.path() + "/timeline.jsonl"}}),
          service(settings) {}

    /// Without a key of the upstream, to which nothing is sent.
    backtest_end backtest(environment const& changed = {}) {
        auto const all = changed | settings;
        temporary_directory const of_the_run;
        child_process otpd(OTPD_PROGRAM,
                           {"backtest", "--timeline", settings.at("OTPD_TIMELINE_FILE"), "--config",
                            directory.add("new.toml", ""), "--json"},
                           all, of_the_run);
        int const code = otpd.wait();
        return {code, otpd.output(), otpd.errors()};
    }

    temporary_directory directory;
    environment settings;
    service_fixture service;
};

json::object backtest_report_of(backtest_end const& run) {
    BOOST_REQUIRE_MESSAGE(run.code == 0, run.errors);
    BOOST_TEST(run.errors == "");
    return json::parse(run.output).as_object();
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_backtest)

BOOST_AUTO_TEST_CASE(the_same_settings_refuse_the_same_and_a_tighter_limit_more) {
    timeline_service with({{"OTP_SEND_COOLDOWN_SECONDS", "0"}, {"OTPD_LIMITS_NUMBER_10M", "3"}});
    auto& service = with.service;
    auto const often = service.fresh_number();
    for (int n = 0; n < 5; ++n) {
        json::object request{{"phone_number", often}, {"end_user_ip", "192.0.2.7"}};
        check_outcome(service.client.ask(post("/send-otp", request)), n < 3 ? 200 : 429);
    }
    auto const other = service.fresh_number();
    for (int n = 0; n < 3; ++n)
        check_outcome(service.send(other), 200);
    auto const code = service.stub.code_sent_to(other);
    check_outcome(service.verify(other, wrong_code(code)), 400);
    check_outcome(service.verify(other, code), 200);
    check_outcome(service.verify(other, code), 404);
    BOOST_TEST(service.otpd.stop() == 0); // every line is written

    auto const same = with.backtest();
    auto const report = backtest_report_of(same);
    BOOST_TEST(with.backtest().output == same.output);
    auto const& happened = report.at("happened").as_object();
    auto const& replayed = report.at("replayed").as_object();
    for (auto const* const name : {"sends", "refused", "refused_by", "guesses_refused",
                                   "guesses_refused_by", "messages", "cost", "verified"})
        BOOST_TEST_CONTEXT(name) BOOST_TEST(happened.at(name) == replayed.at(name));
    BOOST_TEST(happened.at("sends").to_number<int>() == 8);
    BOOST_TEST(happened.at("refused_by").at("number_10m").to_number<int>() == 2);
    BOOST_TEST(happened.at("guesses_refused_by").at("no_active_otp").to_number<int>() == 1);
    BOOST_TEST(replayed.at("honest_refused").to_number<int>() == 0);

    auto const tighter = backtest_report_of(with.backtest({{"OTPD_LIMITS_NUMBER_10M", "1"}}));
    BOOST_TEST(tighter.at("replayed").at("refused_by").at("number_10m").to_number<int>() == 6);
    BOOST_TEST(tighter.at("replayed").at("messages").to_number<int>() == 2);
}

BOOST_AUTO_TEST_CASE(the_lines_have_pseudonyms_and_neither_number_nor_address) {
    timeline_service with({});
    auto& service = with.service;
    auto const number = service.fresh_number();
    json::object const request{
        {"phone_number", number}, {"end_user_ip", "192.0.2.77"}, {"device", "phone-of-the-user"}};
    check_outcome(service.client.ask(post("/send-otp", request)), 200);
    check_outcome(service.client.ask(post("/send-otp", request)), 429);
    BOOST_TEST(service.otpd.stop() == 0);
    std::ifstream file(with.settings.at("OTPD_TIMELINE_FILE"));
    std::string name;
    bool is_blocked = false;
    for (std::string line; std::getline(file, line);) {
        for (auto const& secret :
             {number, std::string("192.0.2.77"), std::string("phone-of-the-user")})
            BOOST_TEST(line.find(secret) == std::string::npos);
        auto const members = json::parse(line).as_object();
        if (name.empty()) name = members.at("number").as_string();
        BOOST_TEST(name.size() == 16U);
        BOOST_TEST(members.at("number").as_string() == name);
        BOOST_TEST(members.contains("requester"));
        BOOST_TEST(members.contains("prefix"));
        if (members.at("event").as_string() != "blocked") continue;
        is_blocked = true;
        BOOST_TEST(members.at("error").as_string() == "cooldown_active");
        BOOST_TEST(members.at("limits").as_string() == "cooldown");
        BOOST_TEST(members.at("device").as_string() == "new");
    }
    BOOST_TEST(is_blocked);
}

BOOST_AUTO_TEST_CASE(a_command_line_without_timelines_is_refused) {
    temporary_directory const directory;
    child_process otpd(OTPD_PROGRAM, {"backtest", "--json"}, {}, directory);
    BOOST_TEST(otpd.wait() == 2);
    BOOST_TEST(otpd.errors().find("--timeline") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
