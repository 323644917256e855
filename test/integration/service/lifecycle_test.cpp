// The end of the service and its signals: SIGTERM and SIGINT drain, SIGHUP reloads.

#include "service_fixture.hpp"
#include "support/eventually.hpp"
#include "support/leap_second_zone.hpp"

#include <time.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

using namespace otpd::test;

namespace {

constexpr char const* hmac_secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

bool refuses_connections(std::uint16_t port) {
    try {
        raw_client const connection(port);
        return false;
    } catch (std::runtime_error const&) {
        return true;
    }
}

/// Sends in flight that the stub is about to answer.
std::future<std::vector<raw_reply>> send_many(service_fixture& service, std::size_t count) {
    std::vector<http_request> sends;
    sends.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        sends.push_back(service.send_request(service.fresh_number()));
    auto replies = std::async(std::launch::async, [port = service.otpd.port(), sends] {
        return ask_in_parallel(port, sends, sends.size());
    });
    eventually([&] { return service.stub.requests().size() == count; });
    return replies;
}

/// Sends to one number after the other until the service is gone. Returns how many were reported as
/// sent.
int send_until_closed(std::uint16_t port, unsigned long long first_number) {
    http_client client(port);
    int sent = 0;
    try {
        for (auto number = first_number;; ++number)
            sent += client.ask(service_fixture::send_request(std::to_string(number))).status == 200;
    } catch (std::runtime_error const&) {
        return sent;
    }
}

/// How often settings were reloaded, successfully or not.
std::size_t reloads(otpd_process const& otpd) {
    return otpd.events("reloaded").size() + otpd.events("bad_setting").size();
}

/// Seconds since 1970 of a text in UTC.
std::int64_t seconds_of(std::string const& text, char const* format) {
    std::tm parts{};
    BOOST_REQUIRE_MESSAGE(::strptime(text.c_str(), format, &parts) != nullptr, text);
    return ::timegm(&parts);
}

std::int64_t seconds_now() {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::floor<std::chrono::seconds>(now).count();
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_lifecycle)

BOOST_AUTO_TEST_CASE(sends_in_flight_are_answered_before_the_end) {
    for (int const signal : {SIGTERM, SIGINT}) {
        service_fixture service;
        constexpr std::size_t count = 30;
        service.stub.set_fault({{"fault", "delay"}, {"ms", 1000}});
        check_outcome(service.client.ask(get("/livez")), 200); // a connection that will be idle
        auto in_flight = send_many(service, count);
        service.otpd.process().signal(signal);
        service.otpd.wait_for_event("draining");
        auto const replies = in_flight.get();
        BOOST_TEST(count_status(replies, 200) == count);
        BOOST_TEST(service.otpd.process().wait() == 0);
        BOOST_TEST(service.stub.messages().size() == count);
        BOOST_TEST(service.otpd.events("otp_sent").size() == count);
        BOOST_TEST(service.otpd.events("drain_incomplete").empty());
        BOOST_TEST(service.otpd.events("stopped").size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_draining_service_takes_no_new_connections) {
    service_fixture service;
    service.stub.set_fault({{"fault", "hold"}, {"count", 1}});
    auto in_flight = send_many(service, 1);
    service.otpd.process().signal(SIGTERM);
    eventually([&] { return refuses_connections(service.otpd.port()); });
    BOOST_TEST(!service.otpd.process().has_ended()); // it waits for the send
    service.expected_exit = 128 + SIGTERM;
    service.otpd.process().signal(SIGTERM);
    BOOST_CHECK_THROW(in_flight.get(), std::runtime_error);
}

// Every admitted send is answered, even if clients never stop sending requests.
BOOST_AUTO_TEST_CASE(the_end_under_load_loses_no_send) {
    service_fixture service;
    constexpr int clients = 8;
    std::vector<std::future<int>> running;
    running.reserve(clients);
    for (int i = 0; i < clients; ++i)
        running.push_back(std::async(std::launch::async, send_until_closed, service.otpd.port(),
                                     31620000000ULL + 1'000'000ULL * static_cast<unsigned>(i)));
    eventually(
        [&] { return service.stub.stats().at("sms_accepted").to_number<int>() > 10 * clients; });
    service.otpd.process().signal(SIGTERM);
    int answered = 0;
    for (auto& entry : running)
        answered += entry.get();
    BOOST_TEST(service.otpd.process().wait() == 0);
    BOOST_TEST(service.stub.stats().at("sms_accepted").to_number<int>() == answered);
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_it_at_once) {
    service_fixture service;
    service.stub.set_fault({{"fault", "hold"}});
    auto in_flight = send_many(service, 1);
    service.otpd.process().signal(SIGTERM);
    service.otpd.wait_for_event("draining");
    service.otpd.process().signal(SIGINT);
    service.expected_exit = 128 + SIGINT;
    BOOST_TEST(service.otpd.process().wait() == service.expected_exit);
    BOOST_CHECK_THROW(in_flight.get(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(reloads_during_the_drain_do_not_keep_it_from_its_end) {
    service_fixture service;
    service.stub.set_fault({{"fault", "delay"}, {"ms", 1000}});
    auto in_flight = send_many(service, 1);
    service.otpd.process().signal(SIGTERM);
    service.otpd.wait_for_event("draining");
    while (in_flight.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready)
        service.otpd.process().signal(SIGHUP);
    in_flight.get();
    BOOST_TEST(service.otpd.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(signals_of_reload_and_rotation_until_the_end_are_no_failure) {
    for (int const signal : {SIGHUP, SIGUSR1}) {
        service_fixture service;
        service.otpd.process().signal(SIGTERM);
        service.otpd.wait_for_event("draining"); // Asio delivers waiting signals by number
        while (!service.otpd.process().has_ended()) {
            service.otpd.process().signal(signal);
            std::this_thread::sleep_for(std::chrono::milliseconds(1)); // lets it do something else
        }
        BOOST_TEST(service.otpd.process().wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_reload_changes_the_log_level_and_says_what_needs_a_restart) {
    service_fixture service;
    auto const reload = [&service](std::string const& config, std::size_t times) {
        service.otpd.directory().add("config.toml", config);
        service.otpd.process().signal(SIGHUP);
        eventually([&] { return reloads(service.otpd) >= times; });
    };
    service.sent_code(service.fresh_number());

    reload("[store]\ncapacity = 8\n", 1);
    auto const needed = service.otpd.events("restart_needed");
    BOOST_REQUIRE(needed.size() == 1U);
    BOOST_TEST(needed[0].at("key").as_string() == "store.capacity");
    BOOST_TEST(service.sent_code(service.fresh_number()).size() == 6U);

    reload("[otp]\nlenght = 8\n", 2); // refused: everything stays as it was
    auto const refused = service.otpd.events("bad_setting");
    BOOST_REQUIRE(refused.size() == 1U);
    BOOST_TEST(refused[0].at("why").as_string().find("\"lenght\" in [otp]") != json::string::npos);

    // At level error, a successful reload is not logged either. A refused reload is an error, so
    // its line shows that earlier requests would have been logged by now. It may overtake the
    // reload under test; then this tries again.
    eventually([&, times = std::size_t{2}]() mutable {
        service.otpd.directory().add("config.toml", "[log]\nlevel = \"error\"\n");
        service.otpd.process().signal(SIGHUP);
        auto const id = "quiet-" + std::to_string(times);
        check_outcome(service.client.ask(get("/livez").with("X-Request-Id", id)), 200);
        times = reloads(service.otpd) + 1;
        reload("[otp]\nlenght = 8\n", times);
        return service.otpd.process().output().find(id) == std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(signals_that_nobody_needs_do_not_end_it) {
    service_fixture service;
    for (int const value :
         {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR, SIGRTMIN, SIGRTMAX})
        service.otpd.process().signal(value);
    service.otpd.wait_for_event("files_reopened");
    check_outcome(service.client.ask(get("/livez")), 200);
}

BOOST_AUTO_TEST_CASE(sigusr1_opens_the_timeline_again) {
    temporary_directory const directory;
    auto const path = directory.path() + "/timeline.jsonl";
    service_fixture service({{"OTPD_TIMELINE_FILE", path}});
    service.sent_code(service.fresh_number());
    eventually([&] { return std::filesystem::file_size(path) != 0; });
    std::filesystem::rename(path, path + ".old");
    service.otpd.process().signal(SIGUSR1);
    eventually([&] { return std::filesystem::exists(path); });
    auto const before = std::filesystem::file_size(path + ".old");
    service.sent_code(service.fresh_number());
    eventually([&] { return std::filesystem::file_size(path) != 0; });
    BOOST_TEST(std::filesystem::file_size(path + ".old") == before);
}

BOOST_AUTO_TEST_CASE(its_times_are_of_the_posix_clock_whatever_tz_says) {
    leap_second_zone const zone;
    service_fixture service({{"TZ", zone.name()}});
    auto const before = seconds_now();
    auto const reply = service.client.ask(get("/livez").with("X-Request-Id", "of-now"));
    auto const after = seconds_now();
    auto const date = seconds_of(reply.field("Date"), "%a, %d %b %Y %H:%M:%S GMT");
    BOOST_TEST((date >= before && date <= after));

    std::string logged;
    eventually([&] {
        for (auto const& line : service.otpd.events("request"))
            if (line.at("request_id").as_string() == "of-now") logged = line.at("ts").as_string();
        return !logged.empty();
    });
    auto const time = seconds_of(logged, "%Y-%m-%dT%H:%M:%S");
    BOOST_TEST((time >= before && time <= seconds_now()));
}

BOOST_AUTO_TEST_CASE(a_reload_names_the_secrets_that_have_changed) {
    service_fixture service;
    service.otpd.directory().add(".env", "API_AUTH_TOKEN=a-new-token\n");
    service.otpd.directory().add("config.toml",
                                 "[otp]\nhmac_secret = \"" + std::string(hmac_secret) + "\"\n");
    service.otpd.process().signal(SIGHUP);
    service.otpd.wait_for_event("reloaded");
    std::vector<std::string> keys;
    for (auto const& line : service.otpd.events("restart_needed"))
        keys.emplace_back(line.at("key").as_string());
    BOOST_TEST((keys == std::vector<std::string>{"otp.hmac_secret"}));
    keys.clear();
    for (auto const& line : service.otpd.events("setting_changed"))
        keys.emplace_back(line.at("key").as_string());
    BOOST_TEST((keys == std::vector<std::string>{"auth.token"}));
    BOOST_TEST(service.otpd.process().output().find("a-new-token") == std::string::npos);
    auto const send = service.send_request(service.fresh_number());
    check_outcome(service.client.ask(send), 401);
    check_outcome(service.client.ask(send.with("Authorization", "Bearer a-new-token")), 200);
}

// For readers of /proc/PID/environ. If nobody may read it, it looks empty.
BOOST_AUTO_TEST_CASE(secrets_of_the_environment_are_not_left_in_the_process) {
    std::string const password = "5ecret-of-the-store";
    environment const secrets{{"OTP_HMAC_SECRET", hmac_secret},
                              {"OTPD_STORE_PASSWORD", password},
                              {"OTPD_OTP_NUMBER_KEY_SECRET", hmac_secret}};
    service_fixture service(secrets);
    auto const id = std::to_string(service.otpd.process().id());
    std::ifstream in("/proc/" + id + "/environ", std::ios::binary);
    std::string const left{std::istreambuf_iterator<char>(in), {}};
    for (auto const& secret : {std::string(hmac_secret), password, std::string(api_key)})
        BOOST_TEST(left.find(secret) == std::string::npos);
    if (!left.empty()) BOOST_TEST(left.find("OTPD_SERVER_LISTEN=127.0.0.1:0") != std::string::npos);

    for (std::size_t times = 1; times <= 2; ++times) {
        service.otpd.process().signal(SIGHUP);
        eventually([&] { return reloads(service.otpd) == times; });
    }
    BOOST_TEST(service.otpd.events("bad_setting").empty());
    BOOST_TEST(service.otpd.events("restart_needed").empty());
}

BOOST_AUTO_TEST_SUITE_END()
