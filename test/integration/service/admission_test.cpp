// One admission decides everything: limits with their quotas, SMS pumping, one SMS per
// Idempotency-Key, clients that do not see each other, and guesses that leave users with an id
// alone.

#include "admission_cases.hpp"
#include "support/test_stores.hpp"

#include <set>
#include <sstream>

using namespace otpd::test;

namespace {

using stores = all_stores;

environment no_cooldown() {
    return {{"OTP_SEND_COOLDOWN_SECONDS", "0"},
            {"OTPD_LIMITS_NUMBER_10M", "0"},
            {"OTPD_LIMITS_NUMBER_24H", "0"},
            {"OTPD_LIMITS_ALL_CLIENTS_24H", "0"}};
}

std::string text_at(raw_reply const& reply, char const* member) {
    return std::string(object_of(reply).at(member).as_string());
}

http_request with_id(std::string const& number, std::string const& code, std::string const& id) {
    return post("/verify-otp", {{"phone_number", number}, {"code", code}, {"verification_id", id}});
}

http_request del(std::string target) {
    auto request = get(std::move(target));
    request.method = "DELETE";
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_admission)

BOOST_AUTO_TEST_CASE_TEMPLATE(of_64_parallel_requests_exactly_the_quota_is_sent, Store, stores) {
    for (auto const& admission_case : admission_cases())
        BOOST_TEST_CONTEXT(admission_case.name) {
            Store store;
            service_fixture service(admission_case.settings | store.settings());
            check_admission(admission_case, service.otpd.port(),
                            [&] { return service.stub.messages().size(); });
        }
}

// 500 consecutive numbers for 50 end users.
BOOST_AUTO_TEST_CASE(pumped_sms_stop_at_the_prefix_and_a_number_elsewhere_still_works) {
    service_fixture service(no_cooldown() | environment{{"OTPD_PUMPING_ENABLED", "true"},
                                                        {"OTPD_LIMITS_PREFIX_1H", "100"}});
    std::vector<http_request> requests;
    for (std::size_t n = 0; n < 500; ++n)
        requests.push_back(
            post("/send-otp", {{"phone_number", case_number(n)},
                               {"end_user_ip", "198.51.100." + std::to_string(n % 50)}}));
    auto const replies = ask_in_parallel(service.otpd.port(), requests, 50);
    BOOST_TEST(count_status(replies, 200) == 60U); // pumping.prefix_out_max
    BOOST_TEST(service.stub.messages().size() == 60U);
    check_outcome(service.send("34612345678"), 200);
    service.otpd.wait_for_event("pumping_blocked");
    for (auto const& line : service.otpd.events("pumping_blocked"))
        BOOST_TEST(line.at("prefix").as_string().size() < 11U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_idempotency_key_is_one_sms_and_one_reply, Store, stores) {
    Store store;
    service_fixture service(no_cooldown() | store.settings());
    auto const ask = [&](std::string const& number) {
        return service.send_request(number).with("Idempotency-Key", "\"order-17\"");
    };
    std::vector<http_request> const requests(50, ask(case_number(1)));
    auto const replies = ask_in_parallel(service.otpd.port(), requests, requests.size());
    std::set<std::string> bodies;
    for (auto const& reply : replies)
        if (reply.status == 200)
            bodies.insert(reply.body);
        else
            check_outcome(reply, 409, "send_in_progress");
    BOOST_TEST(bodies.size() == 1U);
    for (int i = 0; i < 3; ++i) {
        auto const again = service.client.ask(ask(case_number(1)));
        BOOST_TEST(again.status == 200U);
        BOOST_TEST(again.body == *bodies.begin());
    }
    check_outcome(service.client.ask(ask(case_number(2))), 422, "idempotency_key_reused");
    check_outcome(
        service.client.ask(
            service.send_request(case_number(1)).with("Idempotency-Key", std::string(256, 'k'))),
        400, "idempotency_key_invalid");
    BOOST_TEST(service.stub.messages().size() == 1U);
    check_outcome(service.verify(case_number(1), service.stub.code_sent_to(case_number(1))), 200);
}

BOOST_AUTO_TEST_CASE(with_a_guard_that_observes_pumped_sms_are_reported_and_sent) {
    service_fixture service(no_cooldown() | environment{{"OTPD_PUMPING_ENABLED", "true"},
                                                        {"OTPD_PUMPING_MODE", "observe"},
                                                        {"OTPD_PUMPING_PREFIX_OUT_MAX", "2"}});
    for (int n = 0; n < 5; ++n)
        check_outcome(service.send(service.fresh_number()), 200);
    service.otpd.wait_for_event("pumping_blocked");
    BOOST_TEST(service.otpd.events("pumping_blocked").at(0).at("observed").as_bool());
    auto const notes = service.otpd.events("setting_note");
    BOOST_TEST_REQUIRE(notes.size() == 1U);
    BOOST_TEST(notes[0].at("note").as_string().starts_with("pumping.mode = observe"));
}

// "Never sends twice": another SMS does not replace a reply that was lost with the process.
BOOST_AUTO_TEST_CASE(an_idempotency_key_survives_a_killed_service) {
    on_sqlite store;
    stub_process stub(STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}});
    auto const settings =
        no_cooldown() | store.settings() | service_fixture::upstream_at(stub.url());
    auto const request =
        service_fixture::send_request(case_number(1)).with("Idempotency-Key", "k-1");
    std::string first;
    {
        otpd_process otpd(OTPD_PROGRAM, settings);
        first = http_client(otpd.port()).ask(request).body;
        otpd.process().signal(SIGKILL);
        otpd.process().wait();
    }
    otpd_process otpd(OTPD_PROGRAM, settings);
    auto const again = http_client(otpd.port()).ask(request);
    BOOST_TEST(again.status == 200U);
    BOOST_TEST(again.body == first);
    BOOST_TEST(stub.messages().size() == 1U);
    BOOST_TEST(otpd.stop() == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fifty_guesses_of_a_stranger_leave_the_holder_of_the_id_alone, Store,
                              stores) {
    Store store;
    service_fixture service(store.settings());
    auto const number = service.fresh_number();
    auto const sent = service.send(number);
    auto const code = text_at(sent, "debug_code");
    for (int n = 0; n < 50; ++n)
        service.verify(number, wrong_code(code, n));
    check_outcome(service.verify(number, code), 429, "attempts_exceeded");
    check_outcome(service.client.ask(with_id(number, code, text_at(sent, "verification_id"))), 200);
}

// The stranger knows the number, has many addresses and makes up devices.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_stranger_cannot_keep_a_known_device_from_its_code, Store, stores) {
    Store store;
    service_fixture service(
        environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}, {"OTPD_OTP_GUESS_WAIT_SECONDS", "0"}} |
        store.settings());
    auto const number = service.fresh_number();
    std::string const device = "q7Jc0m2vX4t9S1bN8eKf3A";
    auto const send = [&] {
        return service.client.ask(
            post("/send-otp", {{"phone_number", number}, {"device", device}}));
    };
    auto const verify = [&](raw_reply const& sent) {
        return service.client.ask(
            post("/verify-otp", {{"phone_number", number},
                                 {"device", device},
                                 {"code", text_at(sent, "debug_code")},
                                 {"verification_id", text_at(sent, "verification_id")}}));
    };
    auto const attack = [&](int first) {
        for (int n = first; n < first + 20; ++n) {
            auto const address = "198.51.100." + std::to_string(n);
            service.client.ask(post("/send-otp", {{"phone_number", number},
                                                  {"device", "fresh-" + std::to_string(n)},
                                                  {"end_user_ip", address}}));
            for (int guess = 0; guess < 5; ++guess)
                service.client.ask(
                    post("/verify-otp",
                         {{"phone_number", number}, {"code", "000000"}, {"end_user_ip", address}}));
        }
        check_outcome(service.send(number), 429, "limit_exceeded");
        check_outcome(service.verify(number, "000000"), 429, "attempts_exceeded");
    };
    auto const first = send();
    check_outcome(first, 200);
    check_outcome(verify(first), 200); // now the device is known
    attack(0);
    auto const sent = send();
    check_outcome(sent, 200);
    attack(100);
    check_outcome(verify(sent), 200);

    BOOST_TEST(service.otpd.process().output().find(device) == std::string::npos);
    BOOST_TEST(service.otpd.metrics().find(device) == std::string::npos);
    for (auto const& reply : {first, sent})
        BOOST_TEST(reply.body.find(device) == std::string::npos);
}

// 40 rounds of a send and ten wrong guesses without a cooldown.
BOOST_AUTO_TEST_CASE_TEMPLATE(resends_never_refill_the_guesses, Store, stores) {
    Store store;
    service_fixture service(
        no_cooldown() |
        environment{{"OTPD_OTP_GUESS_WAIT_SECONDS", "0"}, {"OTP_MAX_ATTEMPTS", "10"}} |
        store.settings());
    auto const number = service.fresh_number();
    std::size_t evaluated = 0;
    std::string code;
    std::string id;
    for (int round = 0; round < 40; ++round) {
        auto const sent = service.send(number);
        if (sent.status == 200) {
            code = text_at(sent, "debug_code");
            id = text_at(sent, "verification_id");
        }
        for (int n = 0; n < 10; ++n) {
            auto const guess = round % 2 == 0
                                   ? service.verify(number, wrong_code(code, n))
                                   : service.client.ask(with_id(number, wrong_code(code, n), id));
            if (guess.status == 400) ++evaluated;
        }
    }
    BOOST_TEST(evaluated == 30U); // ten of them are first guesses with an id
    check_outcome(service.verify(number, code), 429, "attempts_exceeded");
    check_outcome(service.client.ask(with_id(number, code, id)), 429, "attempts_exceeded");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_verification_is_seen_and_ended_by_its_client_only, Store, stores) {
    Store store;
    auto const config =
        "[[client]]\nname = \"shop\"\ntoken_sha256 = [\"" + sha256_of("token-a") + "\", \"" +
        sha256_of("token-b") +
        "\"]\n[[client]]\nname = \"bank\"\ncaller_id = \"BANK\"\ntoken_sha256 = [\"" +
        sha256_of("token-c") + "\"]\n";
    service_fixture service(store.settings(), config);
    auto const as = [](std::string const& token, http_request const& request) {
        return request.with("Authorization", "Bearer " + token);
    };
    auto const number = service.fresh_number();
    auto const sent = service.client.ask(as("token-a", service.send_request(number)));
    check_outcome(sent, 200);
    auto const path = "/verifications/" + text_at(sent, "verification_id");

    // The other token of the same client.
    auto const seen = service.client.ask(as("token-b", get(path)));
    check_outcome(seen, 200);
    BOOST_TEST(text_at(seen, "state") == "active");
    BOOST_TEST(text_at(seen, "delivery") == "accepted");
    BOOST_TEST(text_at(seen, "bx_message_id") == text_at(sent, "bx_message_id"));
    BOOST_TEST(object_of(seen).at("events").as_array().size() == 2U);

    auto const absent = service.client.ask(as("token-c", get(path)));
    check_outcome(absent, 404, "verification_not_found");
    auto never = path;
    never.back() = never.back() == '0' ? '1' : '0';
    check_outcome(service.client.ask(as("token-a", get(never))), 404, "verification_not_found");
    check_outcome(service.client.ask(as("token-c", del(path))), 404, "verification_not_found");
    auto const code = text_at(sent, "debug_code");
    check_outcome(service.client.ask(as("token-c", service.verify_request(number, code))), 404);

    check_outcome(service.client.ask(as("token-a", del(path))), 200);
    check_outcome(service.client.ask(as("token-a", service.verify_request(number, code))), 404);
    check_outcome(service.client.ask(as("token-a", del(path))), 409, "verification_ended");
    check_outcome(service.client.ask(get(path)), 401, "unauthorized");
    auto const other = service.client.ask(as("token-c", service.send_request("31612345678")));
    check_outcome(other, 200);
    BOOST_TEST(service.stub.messages("31612345678").at(0).at("caller_id").as_string() == "BANK");
}

BOOST_AUTO_TEST_CASE(a_test_number_gets_no_sms_and_says_so) {
    service_fixture service({}, "[[test_number]]\nnumber = \"31600000000\"\ncode = \"424242\"\n"
                                "until = 2999-12-31\n");
    for (int i = 0; i < 3; ++i) {
        auto const sent = service.send("31600000000");
        check_outcome(sent, 200);
        BOOST_TEST(object_of(sent).at("test").as_bool());
        check_outcome(service.verify("31600000000", "424242"), 200);
    }
    BOOST_TEST(service.stub.requests().empty());
    BOOST_TEST(!object_of(service.send(service.fresh_number())).contains("test"));
}

// Nothing reveals whether there was a code.
BOOST_AUTO_TEST_CASE(failures_are_alike_when_that_is_configured) {
    service_fixture service(environment{{"OTPD_OTP_UNIFORM_FAILURES_MS", "20"}});
    auto const number = service.fresh_number();
    auto const stripped = [](raw_reply const& reply) {
        auto body = object_of(reply);
        body.erase("instance");
        return std::to_string(reply.status) + json::serialize(body);
    };
    auto const absent = stripped(service.verify(number, "000000"));
    auto const code = service.sent_code(number);
    std::set<std::string> seen{absent};
    for (int n = 0; n < 7; ++n)
        seen.insert(stripped(service.verify(number, wrong_code(code, n))));
    auto const other = service.fresh_number();
    auto const used = service.sent_code(other);
    check_outcome(service.verify(other, used), 200);
    seen.insert(stripped(service.verify(other, used)));
    BOOST_TEST(seen.size() == 1U);
    BOOST_TEST(absent.starts_with("400"));
}

BOOST_AUTO_TEST_CASE(other_spellings_of_a_number_are_refused_or_the_same) {
    service_fixture service;
    check_outcome(service.send("31651860670"), 200);
    for (char const* same : {"+31651860670", " 31651860670 "})
        check_outcome(service.send(same), 429, "cooldown_active");
    for (char const* refused :
         {"33262161234", "3534828123456", "0031651860670", "0651860670", "310651860670",
          "31 651860670", "31-651860670", "++31651860670",
          "\uFF13\uFF11\uFF16\uFF15\uFF11\uFF18\uFF16\uFF10\uFF16\uFF17\uFF10",
          "\u0663\u0661\u0666\u0665\u0661\u0668\u0666\u0660\u0666\u0667\u0660"})
        check_outcome(service.send(refused), 422, "validation_failed");
    BOOST_TEST(service.stub.messages().size() == 1U);
}

// Whatever callers send, it creates no metric series: labels are closed sets.
BOOST_AUTO_TEST_CASE(random_words_make_no_metric_series) {
    service_fixture service(environment{{"API_AUTH_TOKEN", "token-9d1c-of-this-instance"}} |
                            no_cooldown());
    auto const authorized = [](http_request const& request) {
        return request.with("Authorization", "Bearer token-9d1c-of-this-instance");
    };
    auto const series = [&] {
        std::set<std::string> names;
        std::istringstream lines(service.otpd.metrics());
        for (std::string line; std::getline(lines, line);)
            if (!line.starts_with('#') && line.find("/metrics") == std::string::npos)
                names.insert(line.substr(0, line.rfind(' ')));
        return names;
    };
    auto const everything = [&](int first, int count) {
        std::vector<http_request> requests;
        for (int n = first; n < first + count; ++n) {
            auto const word = std::to_string(n * 7919) + "x";
            requests.push_back(authorized(post(
                "/verify-otp",
                {{"phone_number", "31651860670"}, {"code", "123456"}, {"purpose", "p" + word}})));
            requests.push_back(get("/" + word));
            auto odd = get("/health");
            odd.method = "M" + word;
            requests.push_back(odd);
            // Only a few, because wrong tokens are answered late.
            if (n < 20 || n % 2'500 == 0)
                requests.push_back(get("/config").with("Authorization", "Bearer " + word));
        }
        ask_in_parallel(service.otpd.port(), requests, 16);
    };
    everything(0, 50);
    auto const before = series();
    everything(50, 25'000); // three requests each, and a few wrong tokens
    for (auto const& name : series())
        BOOST_TEST(before.contains(name), "a new series: " << name);
}

BOOST_AUTO_TEST_SUITE_END()
