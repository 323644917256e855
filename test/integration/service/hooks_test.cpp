// The hooks of identity providers, over sockets, with each provider's own signing: one SMS for a
// code, however often and wherever it is asked for, and none for a forged or an old request.

#include "service_fixture.hpp"
#include "support/hook_signing.hpp"
#include "support/test_stores.hpp"
#include "unit/openapi/api_document.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <set>

using namespace otpd::test;

namespace {

std::string const key = "an example of a key, of 32 bytes";
std::string const token = "a-token-that-the-provider-has";
constexpr char const* to = "31612345678"; // in each recorded body

std::string hook(std::string const& provider, std::string const& secret,
                 std::string const& more = "") {
    return "[[hook]]\nclient = \"default\"\nprovider = \"" + provider + "\"\nsecret = \"" + secret +
           "\"\n" + more;
}

std::string all_hooks() {
    return hook("supabase", "v1,whsec_" + base64_of(key)) + hook("logto", token) +
           hook("zitadel", "a-signing-key-of-zitadel") +
           hook("authgear", "a-webhook-secret-of-authgear") + hook("kratos", token) +
           hook("generic", "whsec_" + base64_of(key));
}

environment without_pauses() {
    return {{"OTP_SEND_COOLDOWN_SECONDS", "0"},
            {"OTPD_LIMITS_NUMBER_10M", "0"},
            {"OTPD_LIMITS_NUMBER_24H", "0"},
            {"OTPD_LIMITS_ALL_CLIENTS_24H", "0"}};
}

std::string recorded(std::string const& provider) {
    return recorded_hook(HOOK_BODIES, provider);
}

/// A request with a fresh id, signed so many seconds ago.
http_request asked(std::string const& provider, std::string const& body, std::int64_t ago = 0) {
    static int ids = 0;
    auto request = post_text("/hooks/default/" + provider, body);
    auto const at = present() - ago;
    header_list fields{{"Authorization", "Bearer " + token}};
    if (provider == "supabase" || provider == "generic")
        fields = standard_webhook(key, body, "msg_" + std::to_string(++ids), at);
    if (provider == "zitadel") fields = zitadel_signature("a-signing-key-of-zitadel", body, at);
    if (provider == "authgear") fields = authgear_signature("a-webhook-secret-of-authgear", body);
    for (auto const& [name, value] : fields)
        request = request.with(name, value);
    return request;
}
http_request asked(std::string const& provider) {
    return asked(provider, recorded(provider));
}

std::string last_text(service_fixture& service) {
    auto const all = service.stub.messages(to);
    BOOST_REQUIRE(!all.empty());
    return std::string(all.back().at("text").as_string());
}

std::string id_of(raw_reply const& reply) {
    return std::string(object_of(reply).at("verification_id").as_string());
}

/// Compares the reply with the document.
void check_described(std::string const& provider, raw_reply const& reply) {
    BOOST_TEST_CONTEXT(provider << ' ' << reply.status << ' ' << reply.body) {
        auto const* const promised =
            openapi_test::find_response("/hooks/{client}/" + provider, "post", reply.status);
        BOOST_REQUIRE(promised != nullptr);
        auto const& schema = openapi_test::schema_of(*promised, reply.field("Content-Type"));
        BOOST_TEST(openapi_test::fault(schema, body_of(reply)) == "");
    }
}

std::string bytes_of(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_hooks)

BOOST_AUTO_TEST_CASE(each_provider_s_recorded_request_sends_its_code) {
    service_fixture service(without_pauses(), all_hooks());
    std::vector<std::pair<std::string, std::string>> const codes{
        {"supabase", "561166"}, {"logto", "123456"},  {"zitadel", "0M53RF"},
        {"authgear", "123456"}, {"kratos", "918273"}, {"generic", "24681357"}};
    std::string id_of_logto;
    std::size_t expected = 0;
    for (auto const& [provider, code] : codes)
        BOOST_TEST_CONTEXT(provider) {
            auto const reply = service.client.ask(asked(provider));
            BOOST_TEST(reply.status == 200U, reply.body);
            BOOST_TEST(reply.field("Content-Type") == "application/json");
            BOOST_TEST(!object_of(reply).contains("error"));
            check_described(provider, reply);
            if (provider == "logto") id_of_logto = id_of(reply);
            if (provider == "authgear") { // the code that Logto gave to this number: one SMS
                BOOST_TEST(object_of(reply).at("code").as_string() == "ok");
                BOOST_TEST(id_of(reply) == id_of_logto);
            } else {
                ++expected;
                BOOST_TEST(last_text(service).find(code) != std::string::npos);
            }
            BOOST_TEST(service.stub.messages(to).size() == expected);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_code_is_one_sms_however_often_it_is_asked_for, Store,
                              all_stores) {
    Store store;
    service_fixture service(without_pauses() | store.settings(), all_hooks());
    std::vector<http_request> many;
    for (int n = 0; n < 50; ++n)
        many.push_back(asked("supabase"));
    for (auto const& reply : ask_in_parallel(service.otpd.port(), many, many.size()))
        BOOST_TEST((reply.status == 200U || (reply.status == 503U && reply.has("Retry-After"))),
                   reply.body);
    auto const id = id_of(service.client.ask(asked("supabase")));
    for (int n = 0; n < 6; ++n)
        BOOST_TEST(id_of(service.client.ask(asked("supabase"))) == id);
    BOOST_TEST(service.stub.messages(to).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_request_that_repeats_one_under_way_gets_the_first_answer) {
    service_fixture service(without_pauses(), all_hooks());
    service.stub.set_fault({{"fault", "delay"}, {"ms", 300}});
    std::vector<http_request> many;
    for (int n = 0; n < 6; ++n)
        many.push_back(asked("supabase"));
    std::set<std::string> ids;
    for (auto const& reply : ask_in_parallel(service.otpd.port(), many, many.size()))
        ids.insert(id_of(reply));
    BOOST_TEST(ids.size() == 1U);
    BOOST_TEST(service.stub.messages(to).size() == 1U);
}

BOOST_AUTO_TEST_CASE(three_instances_send_one_code_once) {
    on_redis store;
    auto const settings = without_pauses() | store.settings();
    service_fixture service(settings, all_hooks());
    auto const with_upstream = settings | service_fixture::upstream_at(service.stub.url());
    otpd_process second(OTPD_PROGRAM, with_upstream, all_hooks());
    otpd_process third(OTPD_PROGRAM, with_upstream, all_hooks());
    std::vector<http_request> many;
    for (int n = 0; n < 18; ++n)
        many.push_back(asked("zitadel"));
    for (int round = 0; round < 2; ++round)
        for (auto const port : {service.otpd.port(), second.port(), third.port()})
            for (auto const& reply : ask_in_parallel(port, many, many.size()))
                BOOST_TEST((reply.status == 200U || reply.status == 503U), reply.body);
    BOOST_TEST(service.stub.messages(to).size() == 1U);
    BOOST_TEST(second.stop() == 0);
    BOOST_TEST(third.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_forged_or_old_request_is_refused_and_sends_nothing) {
    service_fixture service(without_pauses(), all_hooks());
    auto const refuse = [&](http_request const& request) {
        check_outcome(service.client.ask(request), 401, "unauthorized");
    };
    for (auto const* const provider :
         {"supabase", "logto", "zitadel", "authgear", "kratos", "generic"})
        BOOST_TEST_CONTEXT(provider) {
            auto const body = recorded(provider);
            refuse(post_text("/hooks/default/" + std::string(provider), body));
            refuse(post_text("/hooks/default/" + std::string(provider), body)
                       .with("Authorization", "Bearer wrong"));
            check_described(provider, service.client.ask(post_text(
                                          "/hooks/default/" + std::string(provider), body)));
            auto elsewhere = asked(provider);
            elsewhere.target = "/hooks/nobody/" + std::string(provider);
            refuse(elsewhere);
        }
    for (auto const* const provider : {"supabase", "zitadel", "generic"}) {
        refuse(asked(provider, recorded(provider), 302));
        refuse(asked(provider, recorded(provider), -302));
    }
    for (auto const* const provider : {"supabase", "zitadel", "generic", "authgear"}) {
        auto changed = asked(provider);
        changed.body.back() = ' ';
        changed.body += '}';
        refuse(changed);
    }
    BOOST_TEST(service.stub.messages().empty());
}

BOOST_AUTO_TEST_CASE(no_code_is_in_the_log_or_in_the_store) {
    on_sqlite store;
    service_fixture service(environment{{"OTPD_LOG_LEVEL", "trace"}} | without_pauses() |
                                store.settings(),
                            all_hooks());
    auto const id = id_of(service.client.ask(asked("generic")));
    service.client.ask(asked("generic"));
    service.client.ask(get("/verifications/" + id));
    BOOST_TEST(last_text(service).find("24681357") != std::string::npos);
    std::size_t files = 0;
    for (auto const& entry : std::filesystem::directory_iterator(store.directory.path())) {
        BOOST_TEST(bytes_of(entry.path()).find("24681357") == std::string::npos, entry.path());
        ++files;
    }
    BOOST_TEST(files > 0U);
    BOOST_TEST(service.otpd.process().output().find("24681357") == std::string::npos);
}

// Another application checks them, so the guard would take all of them for codes nobody typed.
BOOST_AUTO_TEST_CASE(the_conversion_guard_refuses_no_given_code) {
    service_fixture service(without_pauses() | environment{{"OTPD_PUMPING_PREFIX_OUT_MAX", "2"},
                                                           {"OTPD_PUMPING_ENABLED", "true"},
                                                           {"OTPD_PUMPING_COUNTRY_OUT_MAX", "2"}},
                            all_hooks());
    for (int n = 0; n < 5; ++n) {
        auto const body = json::serialize(
            json::object{{"phone_number", "3161234560" + std::to_string(n)}, {"code", "123456"}});
        check_outcome(service.client.ask(asked("generic", body)), 200);
    }
    for (int n = 0; n < 2; ++n) // and they take no room from other codes
        check_outcome(service.send("3161234570" + std::to_string(n)), 200);
    check_outcome(service.send("31612345709"), 429, "limit_exceeded");
}

// Whoever has the client's token cannot verify it either.
BOOST_AUTO_TEST_CASE(otpd_verifies_no_code_that_was_given) {
    service_fixture service(without_pauses(), all_hooks());
    service.client.ask(asked("logto"));
    check_outcome(service.verify(to, "123456"), 404, "no_active_otp");
    for (auto const* const path : {"/send-otp", "/verify-otp", "/estimate"})
        check_outcome(
            service.client.ask(
                post(path, {{"phone_number", to}, {"code", "123456"}, {"purpose", "hook:logto"}})),
            422, "validation_failed");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_in_the_form_that_the_provider_reads) {
    service_fixture service({}, all_hooks()); // with a cooldown
    auto const again = [&](std::string const& provider, std::string const& code,
                           std::string const& other) {
        service.client.ask(asked(provider));
        auto body = recorded(provider);
        auto const quoted = '"' + code; // numbers may contain it
        for (auto at = body.find(quoted); at != std::string::npos; at = body.find(quoted))
            body.replace(at + 1, code.size(), other);
        auto reply = service.client.ask(asked(provider, body));
        check_described(provider, reply);
        return reply;
    };
    auto const of_supabase = again("supabase", "561166", "561167");
    BOOST_TEST(of_supabase.status == 200U);
    BOOST_TEST(object_of(of_supabase).at("error").at("http_code").as_int64() == 429);
    BOOST_TEST(!object_of(of_supabase).at("error").at("message").as_string().empty());
    BOOST_TEST(!of_supabase.has("Retry-After")); // it would ask again at once
    auto const of_authgear = again("authgear", "123456", "123457");
    BOOST_TEST(of_authgear.status == 429U);
    BOOST_TEST(object_of(of_authgear).at("code").as_string() == "rate_limited");
    check_outcome(again("zitadel", "0M53RF", "0M53RG"), 429);
    for (std::string const provider : {"generic", "authgear", "supabase", "kratos"})
        check_described(provider, service.client.ask(asked(provider, "{}")));
    for (auto const* const wrong :
         {R"({"phone_number":"+31612345678"})", R"({"phone_number":"+31612345678","code":"12"})",
          R"({"phone_number":"+31612345678","code":"12 34"})", "[]", "x"})
        check_outcome(service.client.ask(asked("generic", wrong)), 422, "hook_message_invalid");
    auto const no_number =
        service.client.ask(asked("generic", R"({"phone_number":"+3161","code":"1234"})"));
    check_outcome(no_number, 422, "validation_failed");
    check_described("generic", no_number);
}

BOOST_AUTO_TEST_CASE(a_provider_s_own_text_is_sent_where_the_operator_allows_it) {
    std::string const hosts = "[auth]\nweb_otp_hosts = [\"shop.example\"]\n";
    service_fixture service(
        without_pauses(), hosts + hook("generic", "whsec_" + base64_of(key), "free_text = true\n"));
    auto const ask = [&](std::string const& code, std::string const& text) {
        return service.client.ask(asked(
            "generic",
            json::serialize(json::object{{"phone_number", to}, {"code", code}, {"text", text}})));
    };
    BOOST_TEST(service.client.ask(asked("generic")).status == 200U);
    BOOST_TEST(last_text(service) == "24681357 is your code for shop.example");
    BOOST_TEST(ask("918273", "Code 918273\n@shop.example #918273").status == 200U);
    BOOST_TEST(last_text(service) == "Code 918273\n@shop.example #918273");
    auto const sent = service.stub.messages().size();
    for (auto const* const wrong : {"", "918274 {minutes}", "918274 or 918274",
                                    "918274 at evil.example", "918274, call 0900 12345"})
        check_outcome(ask("918274", wrong), 422, "hook_message_invalid");
    BOOST_TEST(service.stub.messages().size() == sent);
}

BOOST_AUTO_TEST_CASE(an_outcome_is_said_once) {
    service_fixture service(without_pauses(), all_hooks());
    auto const say = [&](std::string const& id, char const* outcome) {
        return service.client.ask(
            post("/verifications/" + id + "/outcome", {{"outcome", outcome}}));
    };
    auto const id = id_of(service.client.ask(asked("logto")));
    check_outcome(say(id, "perhaps"), 422, "validation_failed");
    BOOST_TEST(object_of(say(id, "verified")).at("status").as_string() == "verified");
    check_outcome(say(id, "verified"), 409, "verification_ended");
    auto const seen = object_of(service.client.ask(get("/verifications/" + id)));
    BOOST_TEST(seen.at("state").as_string() == "verified");
    BOOST_TEST(seen.at("purpose").as_string() == "hook:logto");
    auto const own = id_of(service.send(service.fresh_number()));
    check_outcome(say(own, "verified"), 404, "verification_not_found");
}

BOOST_AUTO_TEST_CASE(an_outcome_answers_who_waits_for_a_change) {
    service_fixture service(without_pauses(), all_hooks());
    auto const id = id_of(service.client.ask(asked("logto")));
    auto waiting = std::async(std::launch::async, [&, port = service.otpd.port()] {
        http_client client(port);
        return client.ask(get("/verifications/" + id + "?wait=20"));
    });
    eventually([&] {
        return service.otpd.metrics().find("otpd_store_operation_duration_seconds_count"
                                           "{operation=\"find\"} 0\n") == std::string::npos;
    });
    service.client.ask(post("/verifications/" + id + "/outcome", {{"outcome", "verified"}}));
    BOOST_TEST(object_of(waiting.get()).at("state").as_string() == "verified");
}

BOOST_AUTO_TEST_CASE(a_reload_replaces_a_secret) {
    service_fixture service(without_pauses(), hook("logto", "the-secret-before-the-reload"));
    check_outcome(service.client.ask(asked("logto")), 401);
    service.otpd.directory().add("config.toml", hook("logto", token));
    service.otpd.process().signal(SIGHUP);
    service.otpd.wait_for_event("reloaded");
    BOOST_TEST(service.client.ask(asked("logto")).status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()
