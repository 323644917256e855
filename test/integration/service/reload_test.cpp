// A reload: new settings are in use at once, bad ones change nothing, and no code, counter or
// request is lost.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <atomic>
#include <future>
#include <string>
#include <vector>

using namespace otpd::test;

namespace {

constexpr char const* reloaders_token = "token-of-the-operator-4c1d9e";

std::string client_entry(std::string const& name) {
    return "[[client]]\nname = \"" + name + "\"\ntoken_sha256 = [\"" + sha256_of("token-" + name) +
           "\"]\n";
}

http_request by(std::string const& name, http_request const& request) {
    return request.with("Authorization", "Bearer token-" + name);
}

std::vector<std::string> texts_of(json::value const& list) {
    std::vector<std::string> texts;
    for (auto const& entry : list.as_array())
        texts.emplace_back(entry.as_string());
    return texts;
}

struct reloadable_service : service_fixture {
    explicit reloadable_service(std::string const& config, environment more = {})
        : service_fixture(std::move(more) | environment{{"OTPD_ADMIN_TOKEN", reloaders_token},
                                                        {"OTP_SEND_COOLDOWN_SECONDS", "0"}},
                          config) {}

    raw_reply reload(std::string const& config) {
        otpd.directory().add("config.toml", config);
        return http_client(otpd.admin_port())
            .ask(post_text("/reload", "{}")
                     .with("Authorization", std::string("Bearer ") + reloaders_token));
    }
    json::object reloaded(std::string const& config) {
        auto const reply = reload(config);
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return object_of(reply);
    }
    [[nodiscard]] bool shows(std::string const& metric) const {
        return otpd.metrics().find('\n' + metric + '\n') != std::string::npos;
    }
};

using keys = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(service_reload)

BOOST_AUTO_TEST_CASE(a_destination_is_denied_from_the_reload_on) {
    reloadable_service service("");
    auto const number = service.fresh_number();
    check_outcome(service.send(number), 200);
    auto const done = service.reloaded("[numbers]\ndenied = [\"3161\"]\n[server]\nthreads = 1\n"
                                       "[store]\ncapacity = 1000\n");
    BOOST_TEST((texts_of(done.at("changed")) == keys{"numbers.denied"}));
    BOOST_TEST((texts_of(done.at("restart_needed")) == keys{"store.capacity"}));
    check_outcome(service.send(number), 403, "destination_not_allowed");
    service.reloaded("");
    check_outcome(service.send(number), 200);
}

BOOST_AUTO_TEST_CASE(a_token_ends_and_another_begins_with_the_reload) {
    reloadable_service service(client_entry("a") + client_entry("b"));
    auto const number = service.fresh_number();
    auto const send = service_fixture::send_request(number);
    auto const sent = service.client.ask(by("b", send));
    check_outcome(sent, 200);
    check_outcome(service.client.ask(by("a", send)), 200);
    check_outcome(service.client.ask(by("c", send)), 401);

    auto const done = service.reloaded(client_entry("b") + client_entry("c"));
    BOOST_TEST((texts_of(done.at("changed")) == keys{"client.a", "client.c"}));
    check_outcome(service.client.ask(by("a", send)), 401);
    check_outcome(service.client.ask(by("c", send)), 200);
    auto const code = std::string(object_of(sent).at("debug_code").as_string());
    check_outcome(service.client.ask(by("b", service_fixture::verify_request(number, code))), 200);
}

BOOST_AUTO_TEST_CASE(the_operator_s_token_ends_with_a_reload_and_begins_with_another) {
    auto const with_token = std::string("[admin]\ntoken = \"") + reloaders_token + "\"\n";
    service_fixture service({}, with_token);
    http_client admin(service.otpd.admin_port());
    auto const by_operator = [](http_request const& request) {
        return request.with("Authorization", std::string("Bearer ") + reloaders_token);
    };
    check_outcome(admin.ask(by_operator(get("/clients"))), 200);
    service.otpd.directory().add("config.toml", "");
    check_outcome(admin.ask(by_operator(post_text("/reload", "{}"))), 200);
    for (auto const& request : {get("/clients"), get("/v1/clients"), get("/console"), get("/stats"),
                                post_text("/reload", "{}")}) {
        check_outcome(admin.ask(by_operator(request)), 404, "not_found");
        check_outcome(admin.ask(request), 404, "not_found");
    }
    check_outcome(admin.ask(get("/metrics")), 200);

    service.otpd.directory().add("config.toml", with_token);
    service.otpd.process().signal(SIGHUP);
    eventually([&] { return admin.ask(by_operator(get("/clients"))).status == 200; });
    check_outcome(admin.ask(get("/clients")), 401);
}

BOOST_AUTO_TEST_CASE(a_bad_file_changes_nothing_and_every_fault_is_told) {
    reloadable_service service("");
    BOOST_TEST(service.shows("otpd_config_last_reload_successful 1"));
    auto const refused =
        service.reload("[numbers]\ndenied = [\"3161\"]\n[otp]\nlenght = 8\nttl_seconds = 5\n");
    check_outcome(refused, 422, "validation_failed");
    auto const errors = object_of(refused).at("errors").as_array();
    BOOST_TEST(errors.size() == 2U);
    eventually([&] { return service.otpd.events("bad_setting").size() == errors.size(); });
    BOOST_TEST(refused.body.find("lenght") != std::string::npos);
    BOOST_TEST(refused.body.find("otp.ttl_seconds") != std::string::npos);
    BOOST_TEST(service.shows("otpd_config_last_reload_successful 0"));
    check_outcome(service.send(service.fresh_number()), 200);

    // Each value is good, and both together are not.
    check_outcome(service.reload("[otp]\nrecord_seconds = 60\n"), 422, "validation_failed");
    service.reloaded("[otp]\nlength = 7\n");
    BOOST_TEST(service.shows("otpd_config_last_reload_successful 1"));
    BOOST_TEST(service.sent_code(service.fresh_number()).size() == 7U);
}

BOOST_AUTO_TEST_CASE(a_code_and_its_guesses_outlive_a_reload) {
    reloadable_service service("");
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    auto const left = [&](int n) {
        auto const reply = service.verify(number, wrong_code(code, n));
        BOOST_TEST_REQUIRE(reply.status == 400);
        return object_of(reply).at("attempts_left").to_number<int>();
    };
    BOOST_TEST(left(0) == 4);
    service.reloaded("[otp]\nlength = 8\n");
    BOOST_TEST(left(1) == 3);
    check_outcome(service.verify(number, code), 200);
}

BOOST_AUTO_TEST_CASE(a_new_limit_counts_from_the_reload_on_and_has_its_name_in_the_metrics) {
    reloadable_service service("");
    service.reloaded("[[limit]]\nname = \"mine\"\nkey = \"everybody\"\nquota = 1\n"
                     "window_seconds = 86400\n");
    check_outcome(service.send(service.fresh_number()), 200);
    check_outcome(service.send(service.fresh_number()), 429, "limit_exceeded");
    BOOST_TEST(service.shows("otpd_limit_violations_total{limit=\"mine\",mode=\"enforce\"} 1"));
}

BOOST_AUTO_TEST_CASE(many_reloads_under_load_lose_no_request_no_code_and_no_counter) {
    environment const limited{{"OTPD_LIMITS_NUMBER_10M", "3"}};
    reloadable_service service("", limited);
    auto const counted = service.fresh_number();
    for (int n = 0; n < 2; ++n)
        check_outcome(service.send(counted), 200);

    constexpr int workers = 4;
    std::atomic<bool> is_over{false};
    auto const work = [&](unsigned long long number) {
        http_client client(service.otpd.port());
        int failed = 0;
        int done = 0;
        for (; !is_over || done == 0; ++number, ++done) {
            auto const to = std::to_string(number);
            auto const sent = client.ask(service_fixture::send_request(to));
            failed += sent.status != 200;
            if (sent.status != 200) continue;
            auto const code = std::string(object_of(sent).at("debug_code").as_string());
            auto const wrong = client.ask(service_fixture::verify_request(to, wrong_code(code)));
            failed += wrong.status != 400 || object_of(wrong).at("attempts_left") != 4;
            failed += client.ask(service_fixture::verify_request(to, code)).status != 200;
        }
        return std::pair(done, failed);
    };
    std::vector<std::future<std::pair<int, int>>> running;
    for (int n = 0; n < workers; ++n)
        running.push_back(std::async(std::launch::async, work,
                                     31630000000ULL + 1'000'000ULL * static_cast<unsigned>(n)));
    for (int n = 0; n < 25; ++n) {
        BOOST_TEST(service
                       .reload("[otp]\nlength = " + std::to_string(6 + n % 2) +
                               "\n[numbers]\ndenied = [\"1\"]\n")
                       .status == 200);
        BOOST_TEST(service.reload("[otp]\nlength = 99\n").status == 422);
    }
    is_over = true;
    for (auto& entry : running) {
        auto const [done, failed] = entry.get();
        BOOST_TEST(done > 0);
        BOOST_TEST(failed == 0);
    }
    check_outcome(service.send(counted), 200);
    check_outcome(service.send(counted), 429, "limit_exceeded");
}

BOOST_AUTO_TEST_SUITE_END()
