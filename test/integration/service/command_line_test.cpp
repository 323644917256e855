// The program's options, and the settings that it refuses to start with.

#include "service_fixture.hpp"

#include <boost/algorithm/string/predicate.hpp>

using namespace otpd::test;

namespace {

struct ended {
    int code;
    std::string output;
    std::string errors;
};

ended run(std::vector<std::string> arguments, environment const& settings = {},
          std::string const& config = "") {
    temporary_directory const directory;
    if (!config.empty()) directory.add("config.toml", config);
    child_process otpd(OTPD_PROGRAM, std::move(arguments), settings, directory);
    int const code = otpd.wait();
    return {code, otpd.output(), otpd.errors()};
}

environment with_key(environment settings) {
    settings.emplace("BRIDGEXAPI_API_KEY", api_key);
    return settings;
}

/// Refused with one line that names `key` and contains no secret.
void check_refused(ended const& result, std::string_view key) {
    BOOST_TEST_CONTEXT("errors: " << result.errors) {
        BOOST_TEST(result.code == 2);
        BOOST_TEST(result.output == "");
        BOOST_TEST(lines_of(result.errors).size() == 1U);
        BOOST_TEST(boost::starts_with(result.errors, "otpd: "));
        BOOST_TEST(result.errors.find(key) != std::string::npos, "does not name " << key);
        BOOST_TEST(result.errors.find(api_key) == std::string::npos);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_command_line)

BOOST_AUTO_TEST_CASE(version_and_help_need_no_settings) {
    auto const version = run({"--version"});
    BOOST_TEST(version.code == 0);
    BOOST_TEST(boost::starts_with(version.output, "otpd "));
    BOOST_TEST(lines_of(version.output).size() == 1U);
    auto const help = run({"--help"});
    BOOST_TEST(help.code == 0);
    for (auto const* const option : {"--config", "--listen", "--threads", "--check-config",
                                     "--print-schema", "--version", "--help"})
        BOOST_TEST(help.output.find(option) != std::string::npos, "does not explain " << option);
    BOOST_TEST((version.errors + help.errors) == "");
}

BOOST_AUTO_TEST_CASE(check_config_says_whether_it_would_start) {
    auto const good = run({"--check-config"}, with_key({}), "[otp]\nttl_seconds = 120\n");
    BOOST_TEST(good.code == 0);
    BOOST_TEST(good.errors == "");
    check_refused(run({"--check-config"}, with_key({}), "[otp]\nttl_seconds = 601\n"),
                  "otp.ttl_seconds");
    check_refused(run({"--check-config"}, with_key({}), "[otp]\nttl_second = 60\n"),
                  "\"ttl_second\" in [otp]");
    check_refused(run({"--check-config"}, with_key({{"OTPD_OTP_TTL", "60"}})), "OTPD_OTP_TTL");
    check_refused(run({"--check-config"}), "bridgexapi.api_key");
    check_refused(run({"--check-config", "--config", "missing.toml"}, with_key({})),
                  "missing.toml");
    check_refused(run({"--frobnicate"}), "--frobnicate");
    check_refused(run({"--threads", "many"}, with_key({})), "server.threads");
}

// For an administrator who may create tables, if otpd may not. integration_postgres tests that a
// server accepts it.
BOOST_AUTO_TEST_CASE(print_schema_makes_the_tables_of_the_settings_for_a_role) {
    auto const plain = run({"--print-schema"}, with_key({}));
    BOOST_TEST(plain.code == 0);
    BOOST_TEST(plain.errors == "");
    BOOST_TEST(boost::starts_with(plain.output, "begin;\n"));
    BOOST_TEST(boost::ends_with(plain.output, ";\ncommit;\n"));
    BOOST_TEST(plain.output.find("create table if not exists otpd.subject(") != std::string::npos);
    BOOST_TEST(plain.output.find("grant") == std::string::npos);

    auto const granted =
        run({"--print-schema=shop \"otp\""}, with_key({{"OTPD_STORE_SCHEMA", "codes"}}));
    BOOST_TEST(granted.code == 0);
    BOOST_TEST(granted.output.find("otpd.") == std::string::npos);
    for (auto const* const line :
         {"create schema if not exists codes;\n",
          "grant usage on schema codes to \"shop \"\"otp\"\"\";\n",
          "grant select on codes.schema_version to \"shop \"\"otp\"\"\";\n",
          "grant select, insert, update, delete on codes.subject to \"shop \"\"otp\"\"\";\n"})
        BOOST_TEST(granted.output.find(line) != std::string::npos, granted.output);

    check_refused(run({"--print-schema"}, with_key({{"OTPD_STORE_SCHEMA", "x; drop table y"}})),
                  "store.schema");
}

BOOST_AUTO_TEST_CASE(unsafe_settings_do_not_start) {
    std::string const everywhere = "0.0.0.0:0";
    environment const capped{{"OTPD_MONEY_DAILY_CAP", "25"}};
    environment const with_token =
        capped | environment{{"API_AUTH_TOKEN", "5f1d0c7ab3e94286a1c0d7e85b42f936"}};
    struct {
        environment settings;
        std::string_view key;
    } const unsafe[] = {
        {with_token | environment{{"OTPD_SERVER_LISTEN", everywhere}, {"DEBUG_OTP", "1"}},
         "otp.debug"},
        {capped | environment{{"OTPD_SERVER_LISTEN", everywhere}}, "auth.token"},
        {capped | environment{{"OTPD_SERVER_LISTEN", "[::]:0"}}, "auth.token"},
        {with_token |
             environment{{"OTPD_SERVER_LISTEN", everywhere}, {"OTPD_LIMITS_ENABLED", "false"}},
         "limits.enabled"},
        {{{"API_AUTH_TOKEN", "5f1d0c7ab3e94286a1c0d7e85b42f936"},
          {"OTPD_SERVER_LISTEN", everywhere}},
         "money.daily_cap"},
        {{{"BRIDGEXAPI_BASE_URL", "http://bridgexapi.example"}}, "bridgexapi.base_url"},
        {{{"BRIDGEXAPI_BASE_URL", "https://user:password@bridgexapi.example"}},
         "bridgexapi.base_url"},
        {{{"OTP_TTL_SECONDS", "601"}}, "otp.ttl_seconds"},
        {{{"OTP_TTL_SECONDS", "29"}}, "otp.ttl_seconds"},
        {{{"OTP_LENGTH", "4"}}, "otp.length"},
        {{{"OTP_LENGTH", "5"}}, "otp.length"},
        {{{"OTP_MAX_ATTEMPTS", "0"}}, "otp.max_attempts"},
        {{{"OTP_HMAC_SECRET", "change-me-in-production"}}, "otp.hmac_secret"},
        {{{"OTP_HMAC_SECRET", "short"}}, "otp.hmac_secret"},
        {{{"OTPD_STORE_URL", "redis://127.0.0.1"}}, "store.url"},
        {capped | environment{{"OTPD_SERVER_LISTEN", everywhere}, {"API_AUTH_TOKEN", "x"}},
         "auth.accept_short_tokens"},
        {with_token | environment{{"OTPD_SERVER_LISTEN", everywhere},
                                  {"OTPD_SERVER_TRUSTED_PROXIES", "0.0.0.0/0"}},
         "server.accept_any_proxy"},
        {{{"OTPD_ADMIN_LISTEN", everywhere}}, "admin.accept_network"},
        {{{"OTP_HMAC_SECRET", std::string(64, 'a')}}, "otp.hmac_secret"},
        {{{"OTP_HMAC_SECRET", "\"0123456789abcdef0123456789abcdef\""}}, "otp.hmac_secret"},
        {{{"OTPD_STORE_URL", "redis://store.example"},
          {"OTP_HMAC_SECRET", "0123456789abcdef0123456789abcdef"}},
         "store.accept_clear_text"},
        {{{"OTPD_STORE_URL", "postgres://store.example/otp?sslmode=require"},
          {"OTP_HMAC_SECRET", "0123456789abcdef0123456789abcdef"}},
         "store.accept_clear_text"},
        {{{"OTPD_STORE_KEY_FILE", "/key.pem"}}, "store.certificate_file"},
        {{{"OTPD_NUMBERS_DENIED", "UK"}}, "numbers.denied has country UK"},
        {{{"OTPD_NUMBERS_TRUSTED", "XX"}}, "numbers.trusted has country XX"},
    };
    for (auto const& [settings, key] : unsafe)
        for (auto const& arguments : {std::vector<std::string>(), {"--check-config"}})
            check_refused(run(arguments, with_key(settings)), key);
}

BOOST_AUTO_TEST_CASE(four_digits_start_when_the_risk_is_accepted_in_words) {
    auto const accepted =
        run({"--check-config"},
            with_key({{"OTP_LENGTH", "4"}, {"OTPD_OTP_ACCEPTED_GUESS_RISK", "0.01"}}));
    BOOST_TEST(accepted.code == 0, accepted.errors);
}

BOOST_AUTO_TEST_CASE(every_fault_has_a_line_of_its_own) {
    auto const result = run({"--check-config"}, with_key({{"OTP_LENGTH", "11"},
                                                          {"OTP_TTL_SECONDS", "soon"},
                                                          {"OTPD_SERVER_LISTEN", "nowhere"}}));
    BOOST_TEST(result.code == 2);
    BOOST_TEST(lines_of(result.errors).size() == 3U, result.errors);
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_said_in_one_line) {
    service_fixture service;
    auto const address = "127.0.0.1:" + std::to_string(service.otpd.port());
    auto const result = run({"--listen", address, "--admin-listen", ""}, with_key({}));
    BOOST_TEST(result.code == 1);
    BOOST_TEST(lines_of(result.errors).size() == 1U, result.errors);
    BOOST_TEST(result.errors.find(address) != std::string::npos, result.errors);
}

BOOST_AUTO_TEST_CASE(an_unreadable_authority_file_is_said_in_one_line) {
    auto const result = run({"--listen", "127.0.0.1:0", "--admin-listen", ""},
                            with_key({{"OTPD_BRIDGEXAPI_CA_FILE", "/nonexistent/ca.pem"}}));
    BOOST_TEST((result.code == 1 || result.code == 2));
    BOOST_TEST(lines_of(result.errors).size() == 1U, result.errors);
    BOOST_TEST(result.errors.find("/nonexistent/ca.pem") != std::string::npos, result.errors);
}

BOOST_AUTO_TEST_CASE(links_of_kubernetes_services_are_named_in_one_debug_line) {
    environment const links{{"OTPD_PORT", "tcp://10.0.0.1:8000"},
                            {"OTPD_PORT_8000_TCP_ADDR", "10.0.0.1"},
                            {"OTPD_SERVICE_HOST", "10.0.0.1"}};
    service_fixture quiet(links);
    BOOST_TEST(quiet.otpd.events("service_links_ignored").empty());
    service_fixture service(links | environment{{"OTPD_LOG_LEVEL", "debug"}});
    service.otpd.wait_for_event("listening");
    auto const lines = service.otpd.events("service_links_ignored");
    BOOST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(lines[0].at("level").as_string() == "debug");
    BOOST_TEST(lines[0].at("names").as_string() ==
               "OTPD_PORT,OTPD_PORT_8000_TCP_ADDR,OTPD_SERVICE_HOST");
}

BOOST_AUTO_TEST_SUITE_END()
