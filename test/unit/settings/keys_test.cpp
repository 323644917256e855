// The table of keys: defaults, bounds, names in the environment, and what messages say.

#include "support.hpp"

#include <chrono>
#include <set>

using namespace settings_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(setting_key_table)

BOOST_AUTO_TEST_CASE(every_key_is_unique_and_has_a_name_a_reader_and_words) {
    std::set<std::string> seen;
    for (auto const& each : setting_keys())
        BOOST_TEST_CONTEXT(each.path()) {
            BOOST_TEST(seen.insert(each.path()).second);
            BOOST_TEST(seen.insert(each.environment_name()).second);
            if (!each.alias.empty()) BOOST_TEST(seen.insert(std::string(each.alias)).second);
            BOOST_TEST(each.read != nullptr);
            BOOST_TEST(each.show != nullptr);
            BOOST_TEST(each.help.ends_with('.'));
            BOOST_TEST(!each.allowed_values().empty());
        }
}

BOOST_AUTO_TEST_CASE(the_default_of_every_key) {
    auto const all = settings::defaults();
    BOOST_TEST(all.server.listen.to_string() == "127.0.0.1:8000");
    BOOST_TEST(all.server.threads == 0);
    BOOST_TEST(all.server.connections_max == 10'000U);
    BOOST_TEST(all.server.connections_per_address_max == 1'000U);
    BOOST_TEST(all.server.header_bytes_max == 8192U);
    BOOST_TEST(all.server.header_fields_max == 64U);
    BOOST_TEST(all.server.body_bytes_max == 4096U);
    BOOST_TEST((all.server.header_timeout == 5s));
    BOOST_TEST((all.server.body_timeout == 5s));
    BOOST_TEST((all.server.write_timeout == 10s));
    BOOST_TEST((all.server.idle_timeout == 620s));
    BOOST_TEST((all.server.request_timeout == 30s));
    BOOST_TEST((all.server.drain_delay == 0ms));
    BOOST_TEST((all.server.drain_quiet == 2s));
    BOOST_TEST((all.server.drain_timeout == 25s));
    BOOST_TEST(all.server.trusted_proxies.empty());
    BOOST_TEST(!all.server.proxy_protocol);
    BOOST_TEST(all.admin.listen.value().to_string() == "127.0.0.1:9464");
    BOOST_TEST(shown(all, "bridgexapi.base_url") == "https://hi.bridgexapi.io");
    BOOST_TEST(all.bridgexapi.api_key.empty());
    BOOST_TEST((all.bridgexapi.timeout == 20s));
    BOOST_TEST((all.bridgexapi.connect_timeout == 3s));
    BOOST_TEST(all.bridgexapi.ca_file.empty());
    BOOST_TEST(all.bridgexapi.connections_max == 64U);
    BOOST_TEST(all.bridgexapi.queue_max == 1024U);
    BOOST_TEST((all.bridgexapi.idle_timeout == 30s));
    BOOST_TEST(all.otp.length == 6);
    BOOST_TEST((all.otp.ttl == 300s));
    BOOST_TEST((all.otp.keep == 600s));
    BOOST_TEST((all.otp.cooldown == 45s));
    BOOST_TEST((all.otp.cooldown_longest == 15min));
    BOOST_TEST((all.otp.cooldown_memory == 1h));
    BOOST_TEST(all.otp.max_attempts == 5);
    BOOST_TEST(all.otp.guesses_per_day == 20);
    BOOST_TEST((all.otp.guess_wait == 30s));
    BOOST_TEST(all.otp.purposes_with_several_codes.empty());
    BOOST_TEST((all.otp.uniform_failures == 0ms));
    BOOST_TEST(all.otp.accepted_guess_risk == 1e-4);
    BOOST_TEST(all.otp.hmac_secret.empty());
    BOOST_TEST(all.otp.previous_hmac_secrets.empty());
    BOOST_TEST(all.otp.number_key_secret.empty());
    BOOST_TEST(all.otp.message_template == "Your verification code is {code}.");
    BOOST_TEST(all.otp.default_route_id == 3);
    BOOST_TEST((all.otp.allowed_routes == std::vector{1, 2, 3, 4, 5, 7, 8}));
    BOOST_TEST(all.otp.default_caller_id == "BRIDGEXAPI");
    BOOST_TEST(!all.otp.debug);
    BOOST_TEST((all.otp.rejected_backoff == 5s));
    BOOST_TEST(all.auth.token.empty());
    BOOST_TEST(all.store.url.to_string() == "memory:");
    BOOST_TEST(all.store.password.empty());
    BOOST_TEST(!all.store.accept_clear_text);
    BOOST_TEST(all.store.ca_file.empty());
    BOOST_TEST(all.store.certificate_file.empty());
    BOOST_TEST(all.store.key_file.empty());
    BOOST_TEST((all.store.timeout == 0ms)); // the store's own
    BOOST_TEST(all.store.connections == 0U);
    BOOST_TEST(all.store.replicas == 0U);
    BOOST_TEST(all.store.schema == "otpd");
    BOOST_TEST(all.store.capacity == 4'000'000U);
    BOOST_TEST(all.store.memory_max == 0U);
    BOOST_TEST((all.store.sweep_interval == 100ms));
    BOOST_TEST(all.store.sweep_batch == 64U);
    BOOST_TEST(all.limits.enabled);
    BOOST_TEST(all.limits.number_10m == 5U);
    BOOST_TEST(all.limits.number_24h == 10U);
    BOOST_TEST(all.limits.address_1h == 30U);
    BOOST_TEST(all.limits.client_1m == 600U);
    BOOST_TEST(all.limits.prefix_1h == 100U);
    BOOST_TEST(all.limits.country_1h == 5000U);
    BOOST_TEST(all.limits.global_1m == 1000U);
    BOOST_TEST(all.limits.global_24h == 100'000U);
    BOOST_TEST(all.limits.guesses_address_1h == 60U);
    BOOST_TEST(all.limits.guesses_client_1m == 600U);
    BOOST_TEST(all.limits.observe.empty());
    otpd::otp::pumping_rules const usual;
    BOOST_TEST(all.pumping.enabled);
    BOOST_TEST((all.pumping.mode == otpd::otp::limit_mode::enforce));
    BOOST_TEST(all.pumping.prefix_out_max == usual.prefix_out_max);
    BOOST_TEST(all.pumping.country_out_max == usual.country_out_max);
    BOOST_TEST((all.pumping.typing == usual.typing));
    BOOST_TEST(all.numbers.checked);
    BOOST_TEST(all.numbers.countries.empty());
    BOOST_TEST((all.numbers.line_types == otpd::otp::destination_rules().line_types));
    BOOST_TEST(all.numbers.denied.empty());
    BOOST_TEST(all.numbers.trusted.empty());
    BOOST_TEST((all.log.level == otpd::app::log_level::info));
    BOOST_TEST(all.log.queue_lines_max == 8192U);
}

BOOST_AUTO_TEST_CASE(a_default_reads_back_as_what_it_shows) {
    auto const all = settings::defaults();
    for (auto const& each : setting_keys())
        if (!each.secret) BOOST_TEST_CONTEXT(each.path()) {
                auto again = settings::defaults();
                BOOST_TEST(each.read(again, each.show(all), each));
                BOOST_TEST(each.show(again) == each.show(all));
            }
}

BOOST_AUTO_TEST_CASE(a_number_is_good_up_to_its_bounds_and_no_further) {
    for (auto const& each : setting_keys()) {
        if (each.kind != otpd::app::value_kind::whole) continue;
        BOOST_TEST_CONTEXT(each.path()) {
            auto const least = static_cast<std::int64_t>(each.min);
            auto const most = static_cast<std::int64_t>(each.max);
            auto all = settings::defaults();
            for (auto const value : {least, most}) {
                BOOST_TEST(each.read(all, std::to_string(value), each));
                BOOST_TEST(each.show(all) == std::to_string(value));
            }
            for (auto const value : {least - 1, most + 1}) {
                BOOST_TEST(!each.read(all, std::to_string(value), each));
                BOOST_TEST(each.show(all) == std::to_string(most));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(whole_numbers_are_digits_and_nothing_else) {
    auto const& threads = key("server.threads");
    auto all = settings::defaults();
    for (auto const* text : {"", " ", "four", "4x", "4.0", "0x4", "4 4", "+4", "1e2",
                             "99999999999999999999", "\xD9\xA4"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!threads.read(all, text, threads));
        }
    BOOST_TEST(threads.read(all, " 4\t", threads));
    BOOST_TEST(all.server.threads == 4);
}

BOOST_AUTO_TEST_CASE(the_timeout_of_the_upstream_may_have_a_fraction) {
    BOOST_TEST((good(sources({{"BRIDGEXAPI_TIMEOUT", "2.5"}})).bridgexapi.timeout == 2500ms));
    BOOST_TEST((good(sources({{"BRIDGEXAPI_TIMEOUT", "0.1"}})).bridgexapi.timeout == 100ms));
    BOOST_TEST((good(with_config("[bridgexapi]\ntimeout = 20")).bridgexapi.timeout == 20s));
    BOOST_TEST((good(with_config("[bridgexapi]\ntimeout = 1.5")).bridgexapi.timeout == 1500ms));
    for (auto const* text : {"0.09", "0", "-1", "120.1", "inf", "nan", "2,5", "20s", ""})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(
                fault(sources({{"BRIDGEXAPI_TIMEOUT", text}})) ==
                "bridgexapi.timeout = \"" + std::string(text) +
                    "\" (BRIDGEXAPI_TIMEOUT in the environment): must be a number from 0.1 to "
                    "120 seconds");
        }
}

BOOST_AUTO_TEST_CASE(the_accepted_risk_has_bounds) {
    auto const& risk = key("otp.accepted_guess_risk");
    auto all = settings::defaults();
    BOOST_TEST(risk.read(all, "0.01", risk));
    BOOST_TEST(!risk.read(all, "0.011", risk));
    BOOST_TEST(!risk.read(all, "0", risk));
}

// What the balancer sends while this end closes is lost: the default outlives what Google's keep, 600 s.
BOOST_AUTO_TEST_CASE(an_idle_connection_is_kept_longer_than_balancers_keep_it) {
    BOOST_TEST((good(sources({})).server.idle_timeout > 600s));
    auto const hour = good(sources({{"OTPD_SERVER_IDLE_TIMEOUT_MS", "3600000"}}));
    BOOST_TEST((hour.server.idle_timeout == 1h));
    BOOST_TEST(!fault(sources({{"OTPD_SERVER_IDLE_TIMEOUT_MS", "3600001"}})).empty());
}

BOOST_AUTO_TEST_CASE(flags_have_a_few_words) {
    auto const& debug = key("otp.debug");
    for (auto const* text : {"true", "TRUE", "1", "yes", "On"}) {
        auto all = settings::defaults();
        BOOST_TEST(debug.read(all, text, debug));
        BOOST_TEST(all.otp.debug);
    }
    auto all = settings::defaults();
    for (auto const* text : {"false", "0", "NO", "off"}) {
        BOOST_TEST(debug.read(all, text, debug));
        BOOST_TEST(!all.otp.debug);
    }
    for (auto const* text : {"", "2", "y", "enabled"})
        BOOST_TEST(!debug.read(all, text, debug));
}

BOOST_AUTO_TEST_CASE(addresses_to_listen_on) {
    auto const& listen = key("server.listen");
    auto all = settings::defaults();
    for (auto const* text : {"127.0.0.1:0", "0.0.0.0:65535", "[::1]:8000", "[::]:1",
                             "localhost:8000", "otpd.internal:80"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(listen.read(all, text, listen));
            BOOST_TEST(all.server.listen.to_string() == text);
        }
    for (auto const* text : {"",
                             "8000",
                             ":8000",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1:80x",
                             "127.0.0:80",
                             "256.0.0.1:80",
                             "::1:8000",
                             "[::1]",
                             "[::1:8000",
                             "[]:80",
                             "[127.0.0.1]:80",
                             "[::g]:80",
                             "-a:80",
                             "a b:80",
                             "a_b:80",
                             "http://a:80",
                             "a/b:80"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!listen.read(all, text, listen));
        }
}

BOOST_AUTO_TEST_CASE(which_addresses_are_loopback) {
    auto const at = [](char const* host) { return otpd::app::host_port{host, 80}.is_loopback(); };
    for (auto const* host :
         {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "localhost", "LocalHost"})
        BOOST_TEST_CONTEXT(host) {
            BOOST_TEST(at(host));
        }
    for (auto const* host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1",
                             "::127.0.0.1", "localhost.example", "127.example"})
        BOOST_TEST_CONTEXT(host) {
            BOOST_TEST(!at(host));
        }
}

BOOST_AUTO_TEST_CASE(the_admin_listener_can_be_turned_off) {
    BOOST_TEST(!good(with_config("[admin]\nlisten = \"\"")).admin.listen.has_value());
    BOOST_TEST(good(with_config("[admin]\nlisten = \"[::1]:0\"")).admin.listen.value().host ==
               "::1");
}

BOOST_AUTO_TEST_CASE(upstream_urls) {
    auto const& url = key("bridgexapi.base_url");
    auto all = settings::defaults();
    for (auto const& [text, normal] : std::map<std::string, std::string>{
             {"https://sms.example/", "https://sms.example"},
             {"https://sms.example:443", "https://sms.example"},
             {"https://sms.example:8443/prefix//", "https://sms.example:8443/prefix"},
             {" https://[2001:db8::1]:9 ", "https://[2001:db8::1]:9"},
             {"http://127.0.0.1:8081", "http://127.0.0.1:8081"},
             {"http://[::1]:8081", "http://[::1]:8081"},
             {"http://localhost", "http://localhost"}})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(url.read(all, text, url));
            BOOST_TEST(url.show(all) == normal);
        }
    for (auto const* text :
         {"", "sms.example", "http://sms.example", "http://10.0.0.1", "http://127.0.0.1.example",
          "ftp://sms.example", "https://", "https:///x", "https://user@sms.example",
          "https://user:password@sms.example", "https://sms.example?x=1", "https://sms.example#x",
          "https://sms.example:0", "https://sms.example:65536", "https://sms example"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!url.read(all, text, url));
        }
}

BOOST_AUTO_TEST_CASE(the_message_has_the_code_once_and_fits_one_sms) {
    auto const& message = key("otp.message_template");
    auto all = settings::defaults();
    // With a code of four digits; what fits with longer ones is a matter of otp.length.
    std::string const longest(158 - 4, 'x');
    for (auto const& text : {std::string("{code}"), std::string("Code: {code}"),
                             std::string("{code}, {minutes} or {minutes}"), longest + "{code}"})
        BOOST_TEST(message.read(all, text, message));
    for (auto const& text : {std::string(), std::string("no code"), std::string("{code} {code}"),
                             std::string("{Code}"), std::string("{code} {name}"),
                             std::string("{code} {"), std::string("{code} }"), longest + "x{code}",
                             std::string("{code}\n"), std::string("\xC3\xA9 {code}")})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!message.read(all, text, message));
        }
}

BOOST_AUTO_TEST_CASE(caller_ids_have_three_to_eleven_characters) {
    auto const& caller = key("otp.default_caller_id");
    auto all = settings::defaults();
    for (auto const* text : {"abc", "abcdefghijk", "My Shop"})
        BOOST_TEST(caller.read(all, text, caller));
    for (auto const* text : {"", "ab", "abcdefghijkl", " abc", "abc ", "a\tbc", "caf\xC3\xA9"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!caller.read(all, text, caller));
        }
}

BOOST_AUTO_TEST_CASE(allowed_routes_are_a_set) {
    BOOST_TEST((good(with_config("[otp]\nallowed_routes = [8, 3]")).otp.allowed_routes ==
                std::vector{3, 8}));
    BOOST_TEST((good(sources({{"OTPD_OTP_ALLOWED_ROUTES", "3, 6"}})).otp.allowed_routes ==
                std::vector{3, 6}));
    for (auto const* text : {"", "0", "9", "3,3", "3,", "3;4", "three"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(contains(fault(sources({{"OTPD_OTP_ALLOWED_ROUTES", text}})),
                                "must be a list of different route ids from 1 to 8"));
        }
}

BOOST_AUTO_TEST_CASE(proxies_are_addresses_and_ranges) {
    auto const& proxies = key("server.trusted_proxies");
    auto all = settings::defaults();
    for (auto const& [text, normal] : std::map<std::string, std::string>{
             {"", ""},
             {"10.0.0.0/8", "10.0.0.0/8"},
             {" 192.0.2.1 , 2001:db8::/32", "192.0.2.1/32,2001:db8::/32"}})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(proxies.read(all, text, proxies));
            BOOST_TEST(proxies.show(all) == normal);
        }
    for (auto const* text : {"proxy.internal", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8,", "*"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!proxies.read(all, text, proxies));
        }
    BOOST_TEST(good(with_config("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]"))
                   .server.trusted_proxies.size() == 2U);
}

BOOST_AUTO_TEST_CASE(purposes_with_several_codes_are_a_set) {
    auto const& several = key("otp.purposes_with_several_codes");
    auto all = settings::defaults();
    BOOST_TEST(several.read(all, "login, Pay Now", several));
    BOOST_TEST(several.show(all) == "login,pay now");
    for (auto const* text : {"a,A", "a,", "caf\xC3\xA9"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!several.read(all, text, several));
        }
}

BOOST_AUTO_TEST_CASE(a_known_store_and_no_other) {
    auto const all = good(sources({{"OTPD_STORE_URL", "redis://otpd:password@127.0.0.1/3"},
                                   {"OTP_HMAC_SECRET", good_secret}}));
    BOOST_TEST(all.store.url.password.reveal() == "password");
    BOOST_TEST(shown(all, "store.url") == "redis://127.0.0.1:6379/3"); // without the password
    auto const other = good(sources({{"OTPD_STORE_URL", "postgres://otpd:password@127.0.0.1/otp"},
                                     {"OTP_HMAC_SECRET", good_secret}}));
    BOOST_TEST(other.store.url.password.reveal() == "password");
    BOOST_TEST(shown(other, "store.url") == "postgres://127.0.0.1:5432/otp");
    BOOST_TEST(contains(fault(sources({{"OTPD_STORE_URL", "mysql://:password@127.0.0.1"}})),
                        "store.url = (not shown: it may hold a password) (OTPD_STORE_URL in the "
                        "environment): must be memory:, sqlite:PATH, postgres://"));
}

// Codes that are signed with a key nobody else has, or that is gone after a restart, are lost codes.
BOOST_AUTO_TEST_CASE(a_store_that_outlives_the_process_needs_a_secret_that_does) {
    for (auto const* url : {"sqlite:/tmp/x.db", "redis://127.0.0.1", "unix:/run/valkey.sock",
                            "postgres://127.0.0.1/otp"})
        BOOST_TEST_CONTEXT(url) {
            BOOST_TEST(contains(fault(sources({{"OTPD_STORE_URL", url}})),
                                "otp.hmac_secret is required with store.url = "));
        }
}

BOOST_AUTO_TEST_CASE(the_password_of_the_store_is_given_once) {
    BOOST_TEST(contains(fault(sources({{"OTPD_STORE_URL", "redis://:one@127.0.0.1"},
                                       {"OTPD_STORE_PASSWORD", "two"},
                                       {"OTP_HMAC_SECRET", good_secret}})),
                        "store.password and a password in store.url: leave one of them out"));
}

BOOST_AUTO_TEST_CASE(a_timeout_of_0_is_the_stores_own) {
    BOOST_TEST((good(sources({{"OTPD_STORE_TIMEOUT_MS", "0"}})).store.timeout == 0ms));
    BOOST_TEST((good(sources({{"OTPD_STORE_TIMEOUT_MS", "10000"}})).store.timeout == 10s));
    for (auto const* text : {"-1", "10001"})
        BOOST_TEST(contains(fault(sources({{"OTPD_STORE_TIMEOUT_MS", text}})),
                            "must be a whole number from 0 to 10000 milliseconds"));
}

// It stands in SQL without quotes.
BOOST_AUTO_TEST_CASE(a_schema_is_a_plain_name) {
    for (auto const& text : {std::string("otpd"), std::string("_a1"), std::string(63, 'a')})
        BOOST_TEST(good(sources({{"OTPD_STORE_SCHEMA", text}})).store.schema == text);
    for (auto const& text :
         {std::string(), std::string("Otpd"), std::string("1a"), std::string("a-b"),
          std::string("a.b"), std::string("\"a\""), std::string("x;drop"), std::string(64, 'a')})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(contains(fault(sources({{"OTPD_STORE_SCHEMA", text}})),
                                "(OTPD_STORE_SCHEMA in the environment): must be a name of small "
                                "letters, digits and _, at most 63"));
        }
}

BOOST_AUTO_TEST_CASE(levels_of_the_log) {
    for (auto const* text : {"trace", "debug", "info", "warn", "error"})
        BOOST_TEST(shown(good(sources({{"OTPD_LOG_LEVEL", text}})), "log.level") == text);
    BOOST_TEST(contains(fault(sources({{"OTPD_LOG_LEVEL", "INFO"}})),
                        "must be trace, debug, info, warn or error"));
}

BOOST_AUTO_TEST_CASE(secrets_for_macs_are_long_varied_and_not_the_well_known_one) {
    for (auto const* path : {"otp.hmac_secret", "otp.number_key_secret"})
        BOOST_TEST_CONTEXT(path) {
            auto const& secret = key(path);
            auto all = settings::defaults();
            BOOST_TEST(secret.read(all, "", secret));
            BOOST_TEST(secret.read(all, letters_from('A', 32), secret));
            BOOST_TEST(secret.read(all, letters_from('A', 1024), secret));
            BOOST_TEST(!secret.read(all, letters_from('A', 31), secret));
            BOOST_TEST(!secret.read(all, letters_from('A', 1025), secret));
            BOOST_TEST(!secret.read(all, std::string(64, 'x'), secret));
            BOOST_TEST(!secret.read(all, letters_from('A', 7) + std::string(57, 'A'), secret));
            BOOST_TEST(secret.read(all, letters_from('A', 8) + std::string(56, 'A'), secret));
            BOOST_TEST(!secret.read(all, "change-me-in-production", secret));
        }
}

BOOST_AUTO_TEST_CASE(replaced_secrets_are_a_short_list) {
    auto const other = letters_from('Y');
    auto const two = good(sources({{"OTPD_OTP_PREVIOUS_HMAC_SECRETS", good_secret + "," + other}}));
    BOOST_TEST_REQUIRE(two.otp.previous_hmac_secrets.size() == 2U);
    BOOST_TEST(two.otp.previous_hmac_secrets[1].reveal() == other);
    auto const one = good(with_config("[otp]\nprevious_hmac_secrets = [\"" + other + "\"]"));
    BOOST_TEST(one.otp.previous_hmac_secrets.size() == 1U);
    std::string nine;
    for (char c = 'A'; c < 'J'; ++c)
        nine += (nine.empty() ? "" : ",") + letters_from(c);
    BOOST_TEST(contains(fault(sources({{"OTPD_OTP_PREVIOUS_HMAC_SECRETS", std::string(32, 'x')}})),
                        "different"));
    BOOST_TEST(contains(fault(sources({{"OTPD_OTP_PREVIOUS_HMAC_SECRETS", nine}})), "at most 8"));
    BOOST_TEST(contains(fault(with_config("[otp]\nprevious_hmac_secrets = [\"" + good_secret + "," +
                                          other + "\"]")),
                        "without commas"));
}

BOOST_AUTO_TEST_CASE(what_goes_into_a_header_is_visible_ascii) {
    for (auto const* path : {"bridgexapi.api_key", "auth.token"})
        BOOST_TEST_CONTEXT(path) {
            auto const& secret = key(path);
            auto all = settings::defaults();
            BOOST_TEST(secret.read(all, "bx_Az09-._~+/=", secret));
            for (auto const* text : {"a b", "a\r\nX-Other: b", "a\n", " a", "caf\xC3\xA9", "\x7F"})
                BOOST_TEST(!secret.read(all, text, secret));
        }
}

BOOST_AUTO_TEST_CASE(no_message_and_no_description_holds_a_secret) {
    std::string const marker = "s3cr3t\x01marker"; // the control character makes it bad everywhere
    std::string const too_long(2000, 'q');
    for (auto const& each : setting_keys()) {
        if (!each.secret) continue;
        BOOST_TEST_CONTEXT(each.path()) {
            for (auto const& text : {marker, marker + too_long}) {
                std::vector<std::string> names_of{each.environment_name()};
                if (!each.alias.empty()) names_of.emplace_back(each.alias);
                for (auto const& name : names_of) {
                    auto const line = fault(sources({{name, text}}));
                    BOOST_TEST(!contains(line, "s3cr3t"));
                    BOOST_TEST(!contains(line, "marker"));
                    BOOST_TEST(line.starts_with(each.path() + " (" + name));
                }
            }
        }
    }
    auto const all = good(sources({{"BRIDGEXAPI_API_KEY", "s3cr3t-key"},
                                   {"API_AUTH_TOKEN", "s3cr3t-token"},
                                   {"OTPD_ADMIN_TOKEN", "s3cr3t-of-the-operator"},
                                   {"OTP_HMAC_SECRET", "s3cr3t" + good_secret},
                                   {"OTPD_STORE_PASSWORD", "s3cr3t-password"},
                                   {"OTPD_OTP_NUMBER_KEY_SECRET", "s3cr3t" + good_secret},
                                   {"OTPD_OTP_PREVIOUS_HMAC_SECRETS", "s3cr3t-2" + good_secret}}));
    for (auto const& line : otpd::app::describe(all))
        BOOST_TEST_CONTEXT(line.key) {
            BOOST_TEST(!contains(line.value, "s3cr3t"));
            if (key(line.key).secret) BOOST_TEST(line.value.ends_with("set"));
            BOOST_TEST(line.value != "not set");
        }
}

BOOST_AUTO_TEST_CASE(a_message_is_one_line_however_odd_the_value) {
    auto const line =
        fault(sources({{"OTP_LENGTH", "6\r\n\x1b[31m\xE2\x80\xA8" + std::string(99, '7')}}));
    BOOST_TEST(line.find_first_of("\r\n\x1b\xE2") == std::string::npos);
    BOOST_TEST(line ==
               "otp.length = \"6???[31m???" + std::string(53, '7') +
                   "...\" (OTP_LENGTH in the environment): must be a whole number from 4 to "
                   "10 digits");
}

BOOST_AUTO_TEST_SUITE_END()
