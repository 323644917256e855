// The sources of settings: which one takes precedence, what files may contain, and what is refused.

#include "support.hpp"

#include <array>
#include <chrono>
#include <functional>

using namespace settings_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(setting_sources)

BOOST_AUTO_TEST_CASE(a_stronger_source_beats_each_weaker_one) {
    struct layer {
        char const* name;
        std::function<void(settings_sources&, std::string const&)> set;
    };
    // Strongest first; within one source our own name takes precedence over the reference's.
    std::array<layer, 6> const layers{{
        {"flag", [](auto& to, auto const& value) { to.flags["otp.length"] = value; }},
        {"environment",
         [](auto& to, auto const& value) { to.environment["OTPD_OTP_LENGTH"] = value; }},
        {"environment, reference's name",
         [](auto& to, auto const& value) { to.environment["OTP_LENGTH"] = value; }},
        {".env",
         [](auto& to, auto const& value) { to.dotenv->text += "OTPD_OTP_LENGTH=" + value + '\n'; }},
        {".env, reference's name",
         [](auto& to, auto const& value) { to.dotenv->text += "OTP_LENGTH=" + value + '\n'; }},
        {"file", [](auto& to, auto const& value) { to.config->text = "[otp]\nlength = " + value; }},
    }};
    for (std::size_t strong = 0; strong < layers.size(); ++strong)
        for (std::size_t weak = strong + 1; weak < layers.size(); ++weak)
            BOOST_TEST_CONTEXT(layers[strong].name << " over " << layers[weak].name) {
                auto from = with_config("");
                from.dotenv = otpd::app::source_file{".env", ""};
                layers[weak].set(from, "9");
                layers[strong].set(from, "8");
                BOOST_TEST(good(from).otp.code_length == 8U);
            }
    for (auto const& only : layers) {
        auto from = with_config("");
        from.dotenv = otpd::app::source_file{".env", ""};
        only.set(from, "7");
        BOOST_TEST(good(from).otp.code_length == 7U);
    }
    BOOST_TEST(good(with_config("")).otp.code_length == 6U);
}

BOOST_AUTO_TEST_CASE(every_key_has_its_name_in_the_environment_and_in_the_file) {
    for (auto const& setting_key : setting_keys()) {
        if (setting_key.kind != otpd::app::value_kind::whole) continue;
        BOOST_TEST_CONTEXT(setting_key.path()) {
            // The highest value of each key is valid on its own, except for these.
            if (setting_key.path() == "otp.guesses_per_day" ||
                setting_key.path() == "otp.device_guesses_per_day" ||
                setting_key.path() == "otp.default_route_id" ||
                setting_key.path() == "routes.concurrency_max")
                continue;
            auto const most = std::to_string(static_cast<std::int64_t>(setting_key.max));
            BOOST_TEST(setting_key.show(good(sources({{setting_key.environment_name(), most}}))) ==
                       most);
            auto const text = '[' + setting_key.section + "]\n" + setting_key.name + " = " + most;
            BOOST_TEST(setting_key.show(good(with_config(text))) == most);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_names_of_the_reference_service) {
    auto const all = good(sources({{"BRIDGEXAPI_API_KEY", "the-key"},
                                   {"BRIDGEXAPI_BASE_URL", "https://sms.example/"},
                                   {"BRIDGEXAPI_TIMEOUT", "7.5"},
                                   {"DEFAULT_CALLER_ID", "SHOP"},
                                   {"DEFAULT_ROUTE_ID", "8"},
                                   {"OTP_LENGTH", "8"},
                                   {"OTP_TTL_SECONDS", "30"},
                                   {"OTP_SEND_COOLDOWN_SECONDS", "60"},
                                   {"OTP_MAX_ATTEMPTS", "1"},
                                   {"OTP_HMAC_SECRET", good_secret},
                                   {"API_AUTH_TOKEN", "the-token"},
                                   {"DEBUG_OTP", "Yes"}}));
    BOOST_TEST(all.bridgexapi.api_key.reveal() == "the-key");
    BOOST_TEST(all.bridgexapi.base_url == "https://sms.example");
    BOOST_TEST((all.bridgexapi.timeout == 7500ms));
    BOOST_TEST(all.otp.caller_id == "SHOP");
    BOOST_TEST(all.otp.default_route_id == 8);
    BOOST_TEST(all.otp.code_length == 8U);
    BOOST_TEST((all.otp.ttl == 30s));
    BOOST_TEST((all.otp.cooldown.base == 60s));
    BOOST_TEST(all.otp.attempts_max == 1U);
    BOOST_TEST(all.otp.hmac_secret.reveal() == good_secret);
    BOOST_TEST(all.auth.token.reveal() == "the-token");
    BOOST_TEST(all.otp.reveal_codes);
}

BOOST_AUTO_TEST_CASE(the_reference_reads_debug_and_cooldown_in_its_own_way) {
    for (auto const* text : {"1", "true", "TRUE", "yes", "on", " On "})
        BOOST_TEST(good(sources({{"DEBUG_OTP", text}})).otp.reveal_codes);
    for (auto const* text : {"", "0", "false", "y", "enabled", "2"})
        BOOST_TEST(!good(sources({{"DEBUG_OTP", text}})).otp.reveal_codes);
    for (auto const* text : {"0", "-1", "-3600"})
        BOOST_TEST((good(sources({{"OTP_SEND_COOLDOWN_SECONDS", text}})).otp.cooldown.base == 0s));
    BOOST_TEST(contains(fault(sources({{"OTPD_OTP_COOLDOWN_SECONDS", "-1"}})), "from 0 to 3600"));
    BOOST_TEST(contains(fault(sources({{"OTPD_OTP_DEBUG", "enabled"}})), "true or false"));
    for (auto const* name : {"OTP_LENGTH", "OTP_TTL_SECONDS", "OTP_MAX_ATTEMPTS",
                             "OTP_SEND_COOLDOWN_SECONDS", "DEFAULT_ROUTE_ID", "BRIDGEXAPI_TIMEOUT"})
        BOOST_TEST(contains(fault(sources({{name, ""}})), "must be a"));
}

BOOST_AUTO_TEST_CASE(empty_secrets_in_the_environment_are_unset_ones) {
    auto const all = good(sources({{"OTP_HMAC_SECRET", ""}, {"API_AUTH_TOKEN", ""}}));
    BOOST_TEST(all.otp.hmac_secret.empty());
    BOOST_TEST(all.auth.token.empty());
}

BOOST_AUTO_TEST_CASE(unknown_names_with_our_prefix_are_refused_and_all_others_are_not_ours) {
    BOOST_TEST(
        fault(sources({{"OTPD_SERVER_THREAD", "4"}, {"PATH", "/bin"}, {"OTP_LENGHT", "5"}})) ==
        "unknown name \"OTPD_SERVER_THREAD\" in the environment (did you mean "
        "OTPD_SERVER_THREADS?)");
    BOOST_TEST(fault(with_dotenv("OTPD_OTP_LENGTHS=7\nDATABASE_URL=postgres://x\n")) ==
               "unknown name \"OTPD_OTP_LENGTHS\" in .env (did you mean OTPD_OTP_LENGTH?)");
    BOOST_TEST(fault(sources({{"OTPD_COMPLETELY_DIFFERENT", "s3cr3t"}})) ==
               "unknown name \"OTPD_COMPLETELY_DIFFERENT\" in the environment");
}

BOOST_AUTO_TEST_CASE(unknown_keys_and_sections_of_the_file_are_refused_with_their_place) {
    BOOST_TEST(fault(with_config("[server]\nthreds = 4")) ==
               "config.toml:2: unknown key \"threds\" in [server] (did you mean threads?)");
    BOOST_TEST(fault(with_config("\n[sever]\nthreads = 4")) ==
               "config.toml:2: unknown section \"sever\" (did you mean server?)");
    BOOST_TEST(fault(with_config("threads = 4")) ==
               "config.toml:1: unknown key outside a section \"threads\"");
    BOOST_TEST(fault(with_config("server = 4")) ==
               "config.toml:1: \"server\" is a section, not a key: write it in brackets");
    BOOST_TEST(fault(with_config("[otp.codes]\nlength = 4")) ==
               "config.toml:1: unknown key \"codes\" in [otp]");
    BOOST_TEST(contains(fault(with_config("[[server]]\nthreads = 4")), "is a section"));
}

BOOST_AUTO_TEST_CASE(values_of_the_file_have_their_types) {
    for (auto const* text :
         {"[server]\nthreads = \"4\"", "[server]\nthreads = 4.0", "[server]\nthreads = true",
          "[server]\nthreads = [4]", "[server]\nthreads = {}", "[server]\nlisten = 8000",
          "[otp]\ndebug = 1", "[otp]\ndebug = \"true\"", "[otp]\nallowed_routes = 3",
          "[otp]\nallowed_routes = [\"3\"]", "[otp]\nprevious_hmac_secrets = \"x\"",
          "[bridgexapi]\ntimeout = \"20\"", "[otp]\nttl_seconds = 2026-01-01"})
        BOOST_TEST_CONTEXT(text) {
            auto const line = fault(with_config(text));
            BOOST_TEST(contains(line, "(config.toml:2): must be "));
        }
    BOOST_TEST(
        fault(with_config("[server]\nthreads = \"4\"")) ==
        "server.threads = \"4\" (config.toml:2): must be a whole number from 0 to 256, written "
        "as a TOML integer");
}

BOOST_AUTO_TEST_CASE(a_broken_file_is_named_by_place_and_quotes_nothing) {
    for (auto const* text : {"[bridgexapi]\napi_key = s3cr3t", "[bridgexapi]\napi_key = \"s3cr3t",
                             "[bridgexapi]\napi_key = 123456789012345678901234567890",
                             "[bridgexapi]\napi_key = 's3cr3t' s3cr3t", "[bridgexapi\n", "\x01",
                             "[otp]\nlength = 6\nlength = 7", "[otp]\n[otp]", "\xFF"})
        BOOST_TEST_CONTEXT(text) {
            auto const line = fault(with_config(text));
            BOOST_TEST(line.starts_with("config.toml:"));
            BOOST_TEST(contains(line, "not valid TOML"));
            BOOST_TEST(!contains(line, "s3cr3t"));
            BOOST_TEST(!contains(line, "123456789"));
            BOOST_TEST(!contains(line, "\n"));
        }
    std::string deep = "x = ";
    for (int i = 0; i < 100'000; ++i)
        deep += '[';
    BOOST_TEST(contains(fault(with_config(deep)), "not valid TOML"));
}

BOOST_AUTO_TEST_CASE(every_bad_key_is_reported_at_once) {
    auto from = with_config("[otp]\nlength = 3\nttl_secnds = 4\n[server]\nthreads = -1");
    from.environment["OTP_MAX_ATTEMPTS"] = "0";
    BOOST_TEST(faults(from).size() == 4U);
}

BOOST_AUTO_TEST_CASE(only_the_value_that_wins_is_checked) {
    BOOST_TEST(
        (good(sources({{"OTP_TTL_SECONDS", "900"}, {"OTPD_OTP_TTL_SECONDS", "600"}})).otp.ttl ==
         600s));
}

BOOST_AUTO_TEST_CASE(what_a_dotenv_file_may_hold) {
    auto const all = good(with_dotenv("# a comment\n"
                                      "\n"
                                      "OTHER_PROGRAM=1\r\n"
                                      "export OTP_LENGTH=7\r\n"
                                      "  OTP_MAX_ATTEMPTS = 4  # inline\n"
                                      "DEFAULT_CALLER_ID='My #1'\n"
                                      "OTPD_OTP_MESSAGE_TEMPLATE=\"Say \\\"{code}\\\"\" # why not\n"
                                      "API_AUTH_TOKEN=a#b$c=d\n"
                                      "OTP_TTL_SECONDS=60"));
    BOOST_TEST(all.otp.code_length == 7U);
    BOOST_TEST(all.otp.attempts_max == 4U);
    BOOST_TEST(all.otp.caller_id == "My #1");
    BOOST_TEST(all.otp.templates.front().text == "Say \"{code}\"");
    BOOST_TEST(all.auth.token.reveal() == "a#b$c=d");
    BOOST_TEST((all.otp.ttl == 60s));
}

BOOST_AUTO_TEST_CASE(a_comment_is_never_the_value_of_a_dotenv_line) {
    for (auto const* line :
         {"API_AUTH_TOKEN=   # 32 random bytes: openssl rand -hex 32",
          "API_AUTH_TOKEN=    #optional", "API_AUTH_TOKEN=#optional", "API_AUTH_TOKEN=\t# optional",
          "API_AUTH_TOKEN= ", "API_AUTH_TOKEN=", "API_AUTH_TOKEN='' # optional"})
        BOOST_TEST_CONTEXT(line) {
            BOOST_TEST(good(with_dotenv(line)).auth.token.empty());
            BOOST_TEST(contains(fault(with_dotenv(line, {{"OTPD_SERVER_LISTEN", "0.0.0.0:80"},
                                                         {"OTPD_MONEY_DAILY_CAP", "25"}})),
                                "auth.token or a [[client]] is required"));
        }
    for (auto const* line : {"API_AUTH_TOKEN=token\t# a note", "API_AUTH_TOKEN=token #",
                             "API_AUTH_TOKEN=token \t #a #b", "API_AUTH_TOKEN=\ttoken\t#"})
        BOOST_TEST_CONTEXT(line) {
            BOOST_TEST(good(with_dotenv(line)).auth.token.reveal() == "token");
        }
    BOOST_TEST(good(with_dotenv("API_AUTH_TOKEN=a#b##c #d")).auth.token.reveal() == "a#b##c");
    BOOST_TEST(
        contains(fault({{}, {}, otpd::app::source_file{".env", "BRIDGEXAPI_API_KEY= #x"}, {}}),
                 "bridgexapi.api_key is required"));
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_a_file) {
    std::string const mark = "\xEF\xBB\xBF";
    BOOST_TEST(good(with_dotenv(mark + "OTP_LENGTH=7\n")).otp.code_length == 7U);
    BOOST_TEST(good(with_dotenv(mark)).otp.code_length == 6U);
    BOOST_TEST(good(with_config(mark + "[otp]\nlength = 7\n")).otp.code_length == 7U);
}

BOOST_AUTO_TEST_CASE(a_secret_with_what_an_env_file_left_in_it_is_refused_by_name) {
    auto const secret = letters_from('A');
    std::map<std::string, std::string> const wrong{{'"' + secret + '"', "still has the quotes"},
                                                   {'\'' + secret + '\'', "still has the quotes"},
                                                   {"\"\"", "still has the quotes"},
                                                   {secret + ' ', "white space"},
                                                   {secret + '\t', "white space"},
                                                   {secret + '\n', "white space"},
                                                   {secret + "\r\n", "white space"},
                                                   {' ' + secret, "white space"},
                                                   {" ", "white space"}};
    for (auto const& setting_key : setting_keys())
        if (setting_key.is_secret) BOOST_TEST_CONTEXT(setting_key.path()) {
                std::vector<std::string> names_of{setting_key.environment_name()};
                if (!setting_key.alias.empty()) names_of.push_back(setting_key.alias);
                for (auto const& [text, why] : wrong) {
                    for (auto const& name : names_of) {
                        auto const line = fault(sources({{name, text}}));
                        BOOST_TEST(line.starts_with(setting_key.path() + " (" + name +
                                                    " in the environment): "));
                        BOOST_TEST(contains(line, why));
                        BOOST_TEST(!contains(line, secret));
                    }
                    auto flagged = sources();
                    flagged.flags[setting_key.path()] = text;
                    BOOST_TEST(contains(fault(flagged), why));
                }
                // In a .env file, either kind of quotes may contain the other.
                auto const dotenv = [&](std::string const& value) {
                    auto from = with_dotenv(setting_key.environment_name() + '=' + value +
                                            "\nBRIDGEXAPI_API_KEY=key-for-tests\n");
                    from.environment.clear();
                    return from;
                };
                BOOST_TEST(contains(fault(dotenv("'\"" + secret + "\"'")), "quotes"));
                BOOST_TEST(contains(fault(dotenv('"' + secret + "\\n\"")), "white space"));
                good(dotenv('"' + secret + '"'));
            }
}

BOOST_AUTO_TEST_CASE(each_of_several_secrets_is_bare) {
    auto const a = letters_from('A');
    auto const b = letters_from('B');
    auto const list = [](std::string const& text) {
        return sources({{"OTPD_OTP_PREVIOUS_HMAC_SECRETS", text}});
    };
    BOOST_TEST(good(list(a + ", " + b)).otp.previous_hmac_secrets.size() == 2U);
    BOOST_TEST(contains(fault(list('"' + a + "\",\"" + b + '"')), "quotes"));
    BOOST_TEST(contains(fault(list(a + ", '" + b + '\'')), "quotes"));
    BOOST_TEST(contains(fault(list(a + " ," + b)), "white space"));
    BOOST_TEST(contains(fault(list(a + ',' + b + '\n')), "white space"));
    // A comma would split an item in two, so a file must not have one in an item.
    BOOST_TEST(
        contains(fault(with_config("[otp]\nprevious_hmac_secrets = [\"" + a + "," + b + "\"]")),
                 "without commas"));
}

BOOST_AUTO_TEST_CASE(secrets_of_the_file_are_bare_too) {
    auto const in_file = [](std::string const& text) { return fault(with_config(text)); };
    auto const a = letters_from('A');
    BOOST_TEST(
        in_file("[auth]\ntoken = \"'" + a + "'\"") ==
        "auth.token (config.toml:2): it still has the quotes of an env-file: leave them out");
    BOOST_TEST(
        in_file("[otp]\nprevious_hmac_secrets = [\"" + a + " \", \"" + letters_from('B') + "\"]") ==
        "otp.previous_hmac_secrets (config.toml:2): white space or a line break is at an end "
        "of it: leave that out");
}

BOOST_AUTO_TEST_CASE(names_that_kubernetes_makes_for_services_are_ignored) {
    names const links{{"OTPD_SERVICE_HOST", "10.0.0.1"},
                      {"OTPD_SERVICE_PORT", "8000"},
                      {"OTPD_SERVICE_PORT_HTTP_API", "8000"},
                      {"OTPD_PORT", "tcp://10.0.0.1:8000"},
                      {"OTPD_PORT_8000_TCP", "tcp://10.0.0.1:8000"},
                      {"OTPD_PORT_8000_TCP_PROTO", "tcp"},
                      {"OTPD_PORT_8000_TCP_PORT", "8000"},
                      {"OTPD_PORT_8000_TCP_ADDR", "10.0.0.1"},
                      {"OTPD_PORT_53_UDP", "udp://10.0.0.1:53"},
                      {"OTPD_PORT_53_UDP_ADDR", "10.0.0.1"},
                      {"OTPD_PORT_9_SCTP_PROTO", "sctp"},
                      // Services named otpd-redis and otpd-admin
                      {"OTPD_REDIS_PORT", "tcp://10.0.0.2:6379"},
                      {"OTPD_REDIS_PORT_6379_TCP_ADDR", "10.0.0.2"},
                      {"OTPD_ADMIN_SERVICE_HOST", "fd00::2"},
                      {"OTPD_ADMIN_SERVICE_PORT_METRICS", "9464"}};
    auto const all = good(sources(links));
    BOOST_TEST(all.service_links.size() == links.size());
    for (auto const& [name, value] : links)
        BOOST_TEST((std::ranges::find(all.service_links, name) != all.service_links.end()), name);
    BOOST_TEST(good(sources()).service_links.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_link_of_a_service_is_still_a_mistake) {
    names const mistakes{
        {"OTPD_PORT", "8000"},   {"OTPD_SERVER_PORT", "8000"},     {"OTPD_PORT_TCP", "x"},
        {"OTPD_PORT_8000", "x"}, {"OTPD_PORT_8000_TCP_NAME", "x"}, {"OTPD_8000_TCP", "x"},
        {"OTPD_SERVICE", "x"},   {"OTPD_HOST", "10.0.0.1"}};
    for (auto const& [name, value] : mistakes)
        BOOST_TEST(fault(sources({{name, value}}))
                       .starts_with("unknown name \"" + name + "\" in the environment"));
    // Kubernetes writes no .env file.
    BOOST_TEST(contains(fault(with_dotenv("OTPD_SERVICE_HOST=10.0.0.1")), "unknown name"));
}

BOOST_AUTO_TEST_CASE(quoted_values_may_take_several_lines_and_belong_to_others) {
    auto const all = good(with_dotenv("PEM=\"-----BEGIN\nOTP_LENGTH=9\n-----END\"\n"
                                      "OTHER='it\\'s \\\\ fine'\nOTP_LENGTH=8\nOTP_LENGTH=7\n"));
    BOOST_TEST(all.otp.code_length == 7U); // the last one, as in python-dotenv
}

BOOST_AUTO_TEST_CASE(lines_of_a_dotenv_file_that_mean_nothing_are_refused_unquoted) {
    BOOST_TEST(fault(with_dotenv("A=1\ns3cr3t\n")) == ".env:2: not a KEY=value line");
    BOOST_TEST(fault(with_dotenv("A='1\n2'\n=s3cr3t\n")) == ".env:3: not a KEY=value line");
    BOOST_TEST(fault(with_dotenv("1A=s3cr3t")) == ".env:1: not a KEY=value line");
    for (auto const* text : {"\nA=\"s3cr3t\n\n", "\nA='s3cr3t' more\n", "\nA=\"s3cr3t\\\""})
        BOOST_TEST(fault(with_dotenv(text)) ==
                   ".env:2: the quotes of this value are not closed, or text follows them");
}

BOOST_AUTO_TEST_SUITE_END()
