// The keys of the sections: what each accepts and refuses, names in the environment, and messages.
// Defaults and bounds are in config.toml, which shipped_config_test.cpp compares.

#include "support.hpp"

#include <chrono>
#include <set>

using namespace settings_test;
using namespace std::chrono_literals;

namespace {

/// The accepted texts of a key with how they are shown, and the refused ones, in the environment's
/// notation.
struct value_cases {
    char const* path;
    std::map<std::string, std::string> good;
    std::vector<std::string> bad;
};

/// Shown as written.
std::map<std::string, std::string> same(std::initializer_list<std::string> texts) {
    std::map<std::string, std::string> out;
    for (auto const& text : texts)
        out.emplace(text, text);
    return out;
}

std::vector<value_cases> all_value_cases() {
    auto const longest = letters_from('A', 1024);
    auto const message_room = std::string(158 - 4, 'x'); // with a code of four digits
    std::string every_type;
    for (auto type = otpd::line_type::mobile; type <= otpd::line_type::unknown;
         type = static_cast<otpd::line_type>(static_cast<int>(type) + 1))
        every_type.append(every_type.empty() ? "" : ",").append(to_string(type));
    std::vector<std::string> const no_header{"a b",  "a\r\nX-Other: b", "a\n", " a", "caf\xC3\xA9",
                                             "\x7F", longest + "x"};
    std::vector<std::string> const weak{
        letters_from('A', 31), letters_from('A', 1025), std::string(64, 'x'),
        letters_from('A', 7) + std::string(57, 'A'), "change-me-in-production"};
    std::vector<std::string> const no_money{
        "",    " ",   ".",   ".5",        "5.",         "-1",    "+1",  "1e2",  "1,5",
        "0x1", "inf", "nan", "0.1234567", "1000000000", "1.2.3", "1 2", "1. 5", "\xD9\xA4"};
    auto no_price = no_money;
    for (auto const* zero : {"0", "0.0", "0.000000"})
        no_price.emplace_back(zero);
    std::map<std::string, std::string> const hmac{
        {"", "not set"},
        {letters_from('A', 32), "set"},
        {longest, "set"},
        {letters_from('A', 8) + std::string(56, 'A'), "set"}};
    auto too_many = weak;
    too_many.emplace_back();
    for (char c = 'A'; c < 'J'; ++c)
        too_many.back() += (c == 'A' ? "" : ",") + letters_from(c);
    auto const destinations = same({"", "NL", "1", "316123", "123456789012345", "NL,316,BE"});
    std::vector<std::string> const no_destinations{"nl",   "NLD", "+31", "031", "1234567890123456",
                                                   "31-6", "NL,", "N1"};
    return {
        {"server.threads",
         {{" 4\t", "4"}, {"0", "0"}},
         {"", " ", "four", "4x", "4.0", "0x4", "4 4", "+4", "1e2", "99999999999999999999",
          "\xD9\xA4"}},
        {"bridgexapi.timeout",
         same({"2.5", "0.1", "120"}),
         {"0.09", "0", "-1", "120.1", "inf", "nan", "2,5", "20s", ""}},
        {"tracing.sample_ratio", same({"0", "0.25", "1"}), {"-0.1", "1.1", "all", ""}},
        {"otp.accepted_guess_risk", same({"0.01", "0.0000000001"}), {"0.011", "0", ""}},
        {"otp.debug",
         {{"true", "true"},
          {"TRUE", "true"},
          {"1", "true"},
          {"yes", "true"},
          {"On", "true"},
          {"false", "false"},
          {"0", "false"},
          {"NO", "false"},
          {"off", "false"}},
         {"", "2", "y", "enabled"}},
        {"server.listen",
         same({"127.0.0.1:0", "0.0.0.0:65535", "[::1]:8000", "[::]:1", "localhost:8000",
               "otpd.internal:80"}),
         {"",
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
          "a/b:80"}},
        {"admin.listen", same({"", "[::1]:0"}), {"8000", "-"}},
        {"admin.socket",
         same({"", "/run/otpd/otpd.sock", '/' + std::string(106, 's')}),
         {"otpd.sock", "/a\nb", '/' + std::string(107, 's')}},
        {"bridgexapi.base_url",
         {{"https://sms.example/", "https://sms.example"},
          {"https://sms.example:443", "https://sms.example"},
          {"https://sms.example:8443/prefix//", "https://sms.example:8443/prefix"},
          {" https://[2001:db8::1]:9 ", "https://[2001:db8::1]:9"},
          {"http://127.0.0.1:8081", "http://127.0.0.1:8081"},
          {"http://[::1]:8081", "http://[::1]:8081"},
          {"http://localhost", "http://localhost"}},
         {"", "sms.example", "http://sms.example", "http://10.0.0.1", "http://127.0.0.1.example",
          "ftp://sms.example", "https://", "https:///x", "https://user@sms.example",
          "https://user:password@sms.example", "https://sms.example?x=1", "https://sms.example#x",
          "https://sms.example:0", "https://sms.example:65536", "https://sms example"}},
        {"delivery.status_url",
         {{"", ""},
          {"https://otp.example/", "https://otp.example"},
          {"https://otp.example:8443/v1//", "https://otp.example:8443/v1"},
          {"http://127.0.0.1:8000", "http://127.0.0.1:8000"}},
         {"otp.example", "http://otp.example", "https://u@otp.example", "https://otp.example?x=1",
          "https://otp.example#x"}},
        {"otp.message_template",
         same(
             {"{code}", "Code: {code}", "{code}, {minutes} or {minutes}", message_room + "{code}"}),
         {"", "no code", "{code} {code}", "{Code}", "{code} {name}", "{code} {", "{code} }",
          message_room + "x{code}", "{code}\n", "\xC3\xA9 {code}"}},
        {"otp.default_caller_id",
         same({"abc", "abcdefghijk", "My Shop"}),
         {"", "ab", "abcdefghijkl", " abc", "abc ", "a\tbc", "caf\xC3\xA9"}},
        {"otp.default_route_id", same({"1", "8"}), {"", "0", "9", "3.0"}},
        {"otp.allowed_routes",
         {{"8, 3", "3,8"}, {"6", "6"}},
         {"", "0", "9", "3,3", "3,", "3;4", "three"}},
        {"server.trusted_proxies",
         {{"", ""},
          {"10.0.0.0/8", "10.0.0.0/8"},
          {" 192.0.2.1 , 2001:db8::/32", "192.0.2.1/32,2001:db8::/32"}},
         {"proxy.internal", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8,", "*"}},
        {"auth.web_otp_hosts",
         same({"", "a.b", "pay.example,shop.example"}),
         {"localhost", "Shop.example", "a.b,a.b"}},
        // It is used in SQL without quotes.
        {"store.schema",
         same({"otpd", "_a1", std::string(63, 'a')}),
         {"", "Otpd", "1a", "a-b", "a.b", "\"a\"", "x;drop", std::string(64, 'a')}},
        {"bridgexapi.ca_file", same({"", "/a/b.pem"}), {"a\nb", std::string(4097, 'x')}},
        {"timeline.file", same({"", "/a/b"}), {"a\nb"}},
        {"tracing.url",
         {{"", ""},
          {"http://collector:4318/", "http://collector:4318"},
          {"https://otlp.example/prefix", "https://otlp.example/prefix"}},
         {"collector:4318", "ftp://collector", "http://user@collector", "http://collector?x=1"}},
        {"tracing.service_name",
         same({"otpd", "otp-1.eu_west", std::string(64, 'a')}),
         {"", "Otpd", "a b", std::string(65, 'a')}},
        {"tracing.token",
         {{"", "not set"}, {"bx_Az09-._~+/=", "set"}, {longest, "set"}},
         no_header},
        {"log.level", same({"trace", "debug", "info", "warn", "error"}), {"", "INFO", "off"}},
        {"otp.hmac_secret", hmac, weak},
        {"otp.number_key_secret", hmac, weak},
        {"otp.previous_hmac_secrets",
         {{"", "not set"}, {letters_from('A') + ", " + letters_from('B'), "2 set"}},
         too_many},
        {"bridgexapi.api_key", {{"bx_Az09-._~+/=", "set"}, {longest, "set"}}, no_header},
        {"auth.token", {{"", "not set"}, {"bx_Az09-._~+/=", "set"}, {longest, "set"}}, no_header},
        {"store.password", {{"", "not set"}, {"bx_Az09-._~+/=", "set"}}, no_header},
        {"admin.token",
         {{"", "not set"}, {letters_from('A', 16), "set"}, {longest, "set"}},
         {letters_from('A', 15), "a " + letters_from('A', 16), longest + "x"}},
        {"limits.observe",
         same({"", "number_10m", "prefix_1h,guesses_client_1m"}),
         {"enabled", "observe", "cooldown", "prefix_1h,prefix_1h", "prefix_1h,"}},
        {"pumping.mode", same({"observe", "enforce"}), {"", "off", "Observe"}},
        {"numbers.countries",
         {{"NL,BE", "BE,NL"}, {"", ""}},
         {"nl", "NLD", "N", "31", "NL,NL", "NL,"}},
        {"numbers.line_types",
         same({"mobile", every_type}),
         {"", "Mobile", "landline", "mobile,mobile"}},
        {"numbers.allowed",
         same({"", "1", "26055,22901", "123456789012345"}),
         {"NL", "26055,NL", "0031", "+31", "1234567890123456", "31,"}},
        {"numbers.denied", destinations, no_destinations},
        {"numbers.trusted", destinations, no_destinations},
        {"money.assumed_price",
         {{"0.1", "0.1"}, {" 7 ", "7"}, {"007.50", "7.5"}, {"0.000001", "0.000001"}},
         no_price},
        {"money.drift_tolerance", same({"1"}), no_price},
        {"money.balance_low",
         {{"0", "0"},
          {"0.0", "0"},
          {"0.1", "0.1"},
          {"10", "10"},
          {"100.05", "100.05"},
          {"5.500", "5.5"},
          {"999999999.999999", "999999999.999999"}},
         no_money},
        // A cap of 0 differs from one that is not set.
        {"money.daily_cap", same({"0", "25.5", ""}), {"-1", "none", "1e3"}},
        {"store.url",
         {{"memory:", "memory:"},
          {"sqlite:/x.db", "sqlite:/x.db"},
          {"redis://otpd:s3cr3t@127.0.0.1/3", "redis://127.0.0.1:6379/3"},
          {"postgres://otpd:s3cr3t@127.0.0.1/otp", "postgres://127.0.0.1:5432/otp"}},
         {"", "mysql://:password@127.0.0.1"}},
    };
}

/// Its names in the environment.
std::vector<std::string> names_of(setting_key const& setting_key) {
    std::vector<std::string> out{setting_key.environment_name()};
    if (!setting_key.alias.empty()) out.push_back(setting_key.alias);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(setting_key_table)

BOOST_AUTO_TEST_CASE(every_key_is_unique_and_has_words_and_cases) {
    std::set<std::string> seen;
    std::set<std::string> tested;
    for (auto const& all_value_case : all_value_cases())
        tested.insert(all_value_case.path);
    for (auto const& setting_key : setting_keys())
        BOOST_TEST_CONTEXT(setting_key.path()) {
            BOOST_TEST(seen.insert(setting_key.path()).second);
            for (auto const& name : names_of(setting_key))
                BOOST_TEST(seen.insert(name).second);
            BOOST_TEST(setting_key.help.ends_with('.'));
            BOOST_TEST(!setting_key.allowed.empty());
            // All flags, and all paths, are read alike.
            using enum otpd::app::value_kind;
            bool const is_path = setting_key.allowed.find("path of") != std::string::npos;
            BOOST_TEST((setting_key.kind == whole || setting_key.kind == boolean || is_path ||
                        tested.contains(setting_key.path())));
        }
}

BOOST_AUTO_TEST_CASE(what_each_key_takes_and_refuses) {
    for (auto const& [path, good_ones, bad_ones] : all_value_cases()) {
        auto const& setting_key = key(path);
        settings all;
        std::string last = setting_key.show(all);
        for (auto const& [text, normal] : good_ones)
            BOOST_TEST_CONTEXT(path << " = " << text) {
                BOOST_TEST(setting_key.read(all, text));
                BOOST_TEST(setting_key.show(all) == normal);
                last = normal;
            }
        for (auto const& text : bad_ones)
            BOOST_TEST_CONTEXT(path << " = " << text) {
                BOOST_TEST(!setting_key.read(all, text));
                BOOST_TEST(setting_key.show(all) == last);
            }
    }
}

BOOST_AUTO_TEST_CASE(a_default_reads_back_as_what_it_shows) {
    settings const all;
    for (auto const& setting_key : setting_keys())
        if (!setting_key.is_secret && !setting_key.is_file) BOOST_TEST_CONTEXT(setting_key.path()) {
                settings again;
                BOOST_TEST(setting_key.read(again, setting_key.initial));
                BOOST_TEST(setting_key.show(again) == setting_key.initial);
                BOOST_TEST(setting_key.same(all, again));
            }
}

BOOST_AUTO_TEST_CASE(a_number_is_good_up_to_its_bounds_and_no_further) {
    for (auto const& setting_key : setting_keys()) {
        if (setting_key.kind != otpd::app::value_kind::whole) continue;
        BOOST_TEST_CONTEXT(setting_key.path()) {
            auto const least = static_cast<std::int64_t>(setting_key.min);
            auto const most = static_cast<std::int64_t>(setting_key.max);
            settings all;
            for (auto const value : {least, most}) {
                BOOST_TEST(setting_key.read(all, std::to_string(value)));
                BOOST_TEST(setting_key.show(all) == std::to_string(value));
            }
            for (auto const value : {least - 1, most + 1}) {
                BOOST_TEST(!setting_key.read(all, std::to_string(value)));
                BOOST_TEST(setting_key.show(all) == std::to_string(most));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_limit_that_observes_is_named_as_its_key) {
    settings const all;
    for (auto const& built_in_limit : otpd::app::built_in_limits()) {
        settings some;
        BOOST_TEST(key("limits.observe").read(some, built_in_limit.name));
        BOOST_TEST(key("limits." + std::string(built_in_limit.name)).show(all) ==
                   std::to_string(all.limits.*built_in_limit.quota));
    }
}

BOOST_AUTO_TEST_CASE(every_type_of_line_is_named_where_one_is_refused) {
    for (auto const type : otpd::app::settings().otp.destinations.line_types)
        BOOST_TEST(contains(key("numbers.line_types").allowed, to_string(type)));
    for (auto const* other : {"premium_rate", "shared_cost", "pager", "voicemail", "satellite"})
        BOOST_TEST(contains(key("numbers.line_types").allowed, other));
}

BOOST_AUTO_TEST_CASE(the_timeout_of_the_upstream_may_have_a_fraction) {
    BOOST_TEST((good(sources({{"BRIDGEXAPI_TIMEOUT", "2.5"}})).bridgexapi.timeout == 2500ms));
    BOOST_TEST((good(with_config("[bridgexapi]\ntimeout = 20")).bridgexapi.timeout == 20s));
    BOOST_TEST((good(with_config("[bridgexapi]\ntimeout = 1.5")).bridgexapi.timeout == 1500ms));
    BOOST_TEST(fault(sources({{"BRIDGEXAPI_TIMEOUT", "20s"}})) ==
               "bridgexapi.timeout = \"20s\" (BRIDGEXAPI_TIMEOUT in the environment): must be a "
               "number from 0.1 to 120 seconds");
}

BOOST_AUTO_TEST_CASE(money_is_exact_in_every_notation) {
    for (auto const& [toml, micros] :
         std::map<std::string, std::int64_t>{{"\"0.1\"", 100'000},
                                             {"0.1", 100'000},
                                             {"0.3", 300'000},
                                             {"0.087", 87'000},
                                             {"\"0.000001\"", 1},
                                             {"0.000001", 1},
                                             {"1", 1'000'000},
                                             {"\"12.50\"", 12'500'000},
                                             {"999999999.999999", 999'999'999'999'999},
                                             {"4.35", 4'350'000},
                                             {"123456789.123457", 123'456'789'123'457}})
        BOOST_TEST_CONTEXT(toml) {
            auto const all = good(with_config("[money]\nassumed_price = " + toml));
            BOOST_TEST(all.spending.assumed_price.micros() == micros);
        }
    for (auto const* toml : {"0.0000001", "1e300", "-0.1", "nan", "true", "[0.1]", "0"})
        BOOST_TEST_CONTEXT(toml) {
            auto const line = fault(with_config("[money]\nassumed_price = " + std::string(toml)));
            BOOST_TEST(contains(line, "must be an amount over 0 such as 0.085, with at most 6 "
                                      "decimals"));
        }
}

// A request that the balancer sends while this end closes is lost. The default exceeds the idle
// timeout of Google's balancers, 600 s.
BOOST_AUTO_TEST_CASE(an_idle_connection_is_kept_longer_than_balancers_keep_it) {
    BOOST_TEST((good(sources({})).server.idle_timeout > 600s));
    auto const hour = good(sources({{"OTPD_SERVER_IDLE_TIMEOUT_MS", "3600000"}}));
    BOOST_TEST((hour.server.idle_timeout == 1h));
    BOOST_TEST(!fault(sources({{"OTPD_SERVER_IDLE_TIMEOUT_MS", "3600001"}})).empty());
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

// Codes that are signed with a key of one instance only, or with one that a restart loses, are
// lost.
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

BOOST_AUTO_TEST_CASE(no_message_and_no_description_holds_a_secret) {
    std::string const marker = "s3cr3t\x01marker"; // the control character makes it invalid
                                                   // everywhere
    std::string const too_long(2000, 'q');
    for (auto const& setting_key : setting_keys()) {
        if (!setting_key.is_secret) continue;
        BOOST_TEST_CONTEXT(setting_key.path()) {
            for (auto const& text : {marker, marker + too_long}) {
                for (auto const& name : names_of(setting_key)) {
                    auto const line = fault(sources({{name, text}}));
                    BOOST_TEST(!contains(line, "s3cr3t"));
                    BOOST_TEST(!contains(line, "marker"));
                    BOOST_TEST(line.starts_with(setting_key.path() + " (" + name));
                }
            }
        }
    }
    auto const all = good(sources({{"BRIDGEXAPI_API_KEY", "s3cr3t-key"},
                                   {"API_AUTH_TOKEN", "s3cr3t-token"},
                                   {"OTPD_ADMIN_TOKEN", "s3cr3t-of-the-operator"},
                                   {"OTP_HMAC_SECRET", "s3cr3t" + good_secret},
                                   {"OTPD_STORE_PASSWORD", "s3cr3t-password"},
                                   {"OTPD_TRACING_TOKEN", "s3cr3t-of-the-collector"},
                                   {"OTPD_OTP_NUMBER_KEY_SECRET", "s3cr3t" + good_secret},
                                   {"OTPD_OTP_PREVIOUS_HMAC_SECRETS", "s3cr3t-2" + good_secret}}));
    for (auto const& line : otpd::app::describe(all))
        BOOST_TEST_CONTEXT(line.key) {
            BOOST_TEST(!contains(line.value, "s3cr3t"));
            if (key(line.key).is_secret) BOOST_TEST(line.value.ends_with("set"));
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
