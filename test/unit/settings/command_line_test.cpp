// The command line and the process around it.

#include "app/command_line.hpp"
#include "app/reload.hpp"
#include "support.hpp"

#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>

using namespace settings_test;
using otpd::app::command_line;
using otpd::app::early_exit;
using otpd::app::parse_command_line;
using otpd::app::process_environment;

namespace {

using arguments = std::vector<char const*>;

auto parse(arguments args) {
    args.insert(args.begin(), "otpd");
    return parse_command_line(static_cast<int>(args.size()), args.data());
}

auto run(arguments args) {
    args.insert(args.begin(), "otpd");
    return otpd::app::settings_from_process(static_cast<int>(args.size()), args.data(),
                                            process_environment());
}

early_exit ended(arguments args) {
    auto result = run(std::move(args));
    BOOST_TEST_REQUIRE(std::holds_alternative<early_exit>(result));
    return std::get<early_exit>(result);
}

/// An empty working directory, and an environment without the names of a service that may be
/// installed here. The destructor restores both.
class clean_process {
public:
    clean_process() : before_(std::filesystem::current_path()) {
        std::string pattern = (std::filesystem::temp_directory_path() / "otpd-XXXXXX").string();
        BOOST_TEST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
        std::filesystem::current_path(directory_);
        for (auto const& key : setting_keys()) {
            ::unsetenv(key.environment_name().c_str());
            if (!key.alias.empty()) ::unsetenv(key.alias.c_str());
        }
        ::setenv("BRIDGEXAPI_API_KEY", "key-for-tests", 1);
    }
    ~clean_process() {
        ::unsetenv("BRIDGEXAPI_API_KEY");
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(directory_);
    }

    static void write(char const* name, std::string const& text) { std::ofstream(name) << text; }

private:
    std::filesystem::path before_;
    std::filesystem::path directory_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(the_command_line)

BOOST_AUTO_TEST_CASE(every_option) {
    auto const none = parse({}).value();
    BOOST_TEST(!none.config_path.has_value());
    BOOST_TEST(none.flags.empty());
    BOOST_TEST((!none.check_config && !none.version && !none.help));

    auto const all = parse({"--config", "a.toml", "--listen=[::1]:0", "--threads", "2",
                            "--admin-listen", "127.0.0.1:0", "--check-config"})
                         .value();
    BOOST_TEST(all.config_path.value() == "a.toml");
    BOOST_TEST(all.flags.at("server.listen") == "[::1]:0");
    BOOST_TEST(all.flags.at("server.threads") == "2");
    BOOST_TEST(all.flags.at("admin.listen") == "127.0.0.1:0");
    BOOST_TEST(all.check_config);
    BOOST_TEST(parse({"--version"}).value().version);
    BOOST_TEST(parse({"--help"}).value().help);
}

BOOST_AUTO_TEST_CASE(mistakes_are_refused_and_their_values_not_repeated) {
    for (auto const& args : std::vector<arguments>{{"--api-key=s3cr3t"},
                                                   {"--api-key", "s3cr3t"},
                                                   {"s3cr3t"},
                                                   {"--threads"},
                                                   {"--config"},
                                                   {"--threads=1", "--threads=2"},
                                                   {"--conf", "x"},
                                                   {"-x"},
                                                   {"--help=s3cr3t"},
                                                   {"--", "s3cr3t"}}) {
        auto const parsed = parse(args);
        BOOST_TEST_REQUIRE(parsed.has_error());
        BOOST_TEST_REQUIRE(parsed.error().lines.size() == 1U);
        BOOST_TEST(!contains(parsed.error().lines.front(), "s3cr3t"));
        BOOST_TEST(contains(parsed.error().lines.front(), "otpd --help"));
    }
    BOOST_TEST(contains(parse({"--api-key=x"}).error().lines.front(), "--api-key"));
    BOOST_TEST(contains(parse({"--threads"}).error().lines.front(), "--threads"));
}

BOOST_AUTO_TEST_CASE(help_and_version_need_no_settings) {
    clean_process const process;
    ::unsetenv("BRIDGEXAPI_API_KEY");
    auto const help = ended({"--help"});
    BOOST_TEST(help.code == 0);
    for (auto const* option :
         {"--config FILE", "--listen HOST:PORT", "--threads N", "--check-config", "--print-schema",
          "--print-config", "--version", "--help"})
        BOOST_TEST(contains(help.output, option));
    auto const version = ended({"--version"});
    BOOST_TEST(version.code == 0);
    BOOST_TEST(version.output == "otpd " + std::string(otpd::app::program_version()) + '\n');
}

BOOST_AUTO_TEST_CASE(what_is_printed_needs_no_more_than_it_says) {
    clean_process const process;
    ::unsetenv("BRIDGEXAPI_API_KEY");
    process.write("config.toml", "[store]\nschema = \"codes\"\nurl = \"nowhere\"\n");
    auto const schema = ended({"--print-schema"});
    BOOST_TEST(schema.code == 0);
    BOOST_TEST(contains(schema.output, "create schema if not exists codes;"));
    process.write("config.toml", "[store]\nschema = \"x; drop\"\n");
    BOOST_TEST(contains(ended({"--print-schema"}).errors, "store.schema = \"x; drop\""));
    // A mistyped name would print the wrong schema.
    process.write("config.toml", "[store]\nshema = \"codes\"\n");
    BOOST_TEST(contains(ended({"--print-schema"}).errors, "did you mean schema?"));

    BOOST_TEST((ended({"--print-config"}).output == otpd::app::config_file()));
    BOOST_TEST((ended({"--print-config=markdown"}).output == otpd::app::configuration_page()));
    auto const other = ended({"--print-config=yaml"});
    BOOST_TEST(other.code == 2);
    BOOST_TEST(other.errors ==
               "otpd: option --print-config prints toml or markdown; see otpd --help\n");
}

BOOST_AUTO_TEST_CASE(good_settings_are_confirmed_in_one_line) {
    clean_process const process;
    auto const good_check = ended({"--check-config"});
    BOOST_TEST(good_check.code == 0);
    BOOST_TEST(good_check.output == "configuration ok\n");
    BOOST_TEST(good_check.errors.empty());
}

BOOST_AUTO_TEST_CASE(bad_settings_end_with_2_and_a_line_each) {
    clean_process const process;
    process.write("config.toml", "[otp]\nlength = 3\n[serve]\n");
    for (auto const& args : {arguments{}, arguments{"--check-config"}}) {
        auto const bad = ended(args);
        BOOST_TEST(bad.code == 2);
        BOOST_TEST(bad.output.empty());
        BOOST_TEST(bad.errors ==
                   "otpd: config.toml:3: unknown section \"serve\" (did you mean server?)\n"
                   "otpd: otp.length = \"3\" (config.toml:2): must be a whole number from 4 to 10 "
                   "digits\n");
    }
    BOOST_TEST(ended({"--bogus"}).code == 2);
}

BOOST_AUTO_TEST_CASE(files_of_the_working_directory_are_read) {
    clean_process const process;
    process.write("config.toml", "[otp]\nlength = 8\nmax_attempts = 3\n");
    process.write(".env", "OTP_LENGTH=9\n");
    auto const loaded = run({"--threads=3"});
    BOOST_TEST_REQUIRE(std::holds_alternative<settings>(loaded));
    auto const& all = std::get<settings>(loaded);
    BOOST_TEST(all.otp.code_length == 9U);
    BOOST_TEST(all.otp.attempts_max == 3U);
    BOOST_TEST(all.server.threads == 3);
    BOOST_TEST(all.bridgexapi.api_key.reveal() == "key-for-tests");
}

BOOST_AUTO_TEST_CASE(a_named_file_takes_the_place_of_the_usual_one_and_must_exist) {
    clean_process const process;
    process.write("config.toml", "[otp]\nlength = 8\n");
    process.write("other.toml", "[otp]\nlength = 7\n");
    auto const other = run({"--config", "other.toml"});
    BOOST_TEST_REQUIRE(std::holds_alternative<settings>(other));
    BOOST_TEST(std::get<settings>(other).otp.code_length == 7U);
    auto const missing = ended({"--config", "missing.toml"});
    BOOST_TEST(missing.code == 2);
    BOOST_TEST(missing.errors == "otpd: missing.toml: no such file\n");
    BOOST_TEST(ended({"--config", "."}).errors == "otpd: .: cannot be read\n");
}

BOOST_AUTO_TEST_CASE(files_have_a_largest_size) {
    clean_process const process;
    constexpr std::size_t most = 64 * 1024;
    process.write(".env", std::string(most, '#'));
    BOOST_TEST(std::holds_alternative<settings>(run({})));
    process.write(".env", std::string(most + 1, '#'));
    BOOST_TEST(ended({}).errors == "otpd: .env: larger than 65536 bytes\n");
}

BOOST_AUTO_TEST_CASE(a_file_with_secrets_or_codes_is_closed_to_others) {
    clean_process const process;
    namespace fs = std::filesystem;
    auto const with_mode = [](char const* file, unsigned mode) {
        fs::permissions(file, static_cast<fs::perms>(mode));
        return ended({"--check-config", "--listen=0.0.0.0:0"});
    };
    process.write(".env", "API_AUTH_TOKEN=" + good_secret + "\nOTP_HMAC_SECRET=" + good_secret +
                              "\nOTPD_STORE_URL=sqlite:a.db\nOTPD_MONEY_DAILY_CAP=25\n");
    process.write("a.db", "");
    process.write("a.db-wal", "");
    for (auto const* file : {".env", "a.db", "a.db-wal"})
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    for (auto const* file : {".env", "a.db", "a.db-wal"})
        BOOST_TEST_CONTEXT(file) {
            for (unsigned const mode : {0644U, 0602U}) {
                auto const refused = with_mode(file, mode);
                BOOST_TEST(refused.code == 2);
                BOOST_TEST(contains(refused.errors, "is open to every user of the machine: "
                                                    "chmod o= " +
                                                        std::string(file) + '\n'));
                BOOST_TEST(ended({"--check-config"}).code == 0); // on loopback
            }
            BOOST_TEST(with_mode(file, 0660U).code == 0);
        }
}

BOOST_AUTO_TEST_CASE(a_reload_checks_the_database_in_use) {
    clean_process const process;
    namespace fs = std::filesystem;
    process.write("a.db", "");
    fs::permissions("a.db", static_cast<fs::perms>(0600));
    auto const running = good(
        sources(on_network({{"OTPD_STORE_URL", "sqlite:a.db"}, {"OTP_HMAC_SECRET", good_secret}})));
    auto const fresh = good(
        sources({{"API_AUTH_TOKEN", good_secret}, {"OTPD_MONEY_DAILY_CAP", "25"}})); // in memory
    BOOST_TEST(otpd::app::plan_reload(running, fresh).has_value());
    fs::permissions("a.db", static_cast<fs::perms>(0644));
    auto const made = otpd::app::plan_reload(running, fresh);
    BOOST_REQUIRE(made.has_error());
    BOOST_TEST(contains(made.error().lines.front(), "chmod o= a.db"));
}

BOOST_AUTO_TEST_CASE(a_file_of_certificates_that_is_replaced_is_noticed) {
    clean_process const process;
    for (auto const* name : {"ca.pem", "hook.pem"})
        process.write(name, "one");
    process.write("config.toml", "[bridgexapi]\nca_file = \"ca.pem\"\n[[webhook]]\nname = \"crm\"\n"
                                 "url = \"https://crm.example\"\nca_file = \"hook.pem\"\n"
                                 "secrets = [\"whsec_" +
                                     letters_from('A') + "\"]\n");
    auto const read = [] { return std::get<settings>(run({})); };
    auto const running = read();
    auto const same = otpd::app::plan_reload(running, read()).value();
    BOOST_TEST(same.changed.empty());
    BOOST_TEST(same.restart_needed.empty());

    for (auto const* name : {"ca.pem", "hook.pem"})
        process.write(name, "another");
    auto const other = otpd::app::plan_reload(running, read()).value();
    BOOST_TEST((other.changed == std::vector<std::string>{"webhook.crm"}));
    BOOST_TEST((other.restart_needed == std::vector<std::string>{"bridgexapi.ca_file"}));
    // Until the restart, every reload says so.
    auto const later = otpd::app::plan_reload(other.with, read()).value();
    BOOST_TEST(later.changed.empty());
    BOOST_TEST((later.restart_needed == other.restart_needed));
}

// libpq reads its files anew for each connection.
BOOST_AUTO_TEST_CASE(a_file_that_is_read_for_each_connection_needs_no_restart) {
    for (std::string const scheme : {"postgres", "rediss"}) {
        auto from = sources({{"OTPD_STORE_URL", scheme + "://db.example/0"},
                             {"OTP_HMAC_SECRET", good_secret},
                             {"OTPD_STORE_CA_FILE", "/ca.pem"}});
        from.digest_of_file = [](std::string const& path) { return otpd::digest_of(path); };
        auto const running = good(from);
        from.digest_of_file = [](std::string const&) { return otpd::digest_of("another"); };
        auto const needed = otpd::app::plan_reload(running, good(from)).value().restart_needed;
        BOOST_TEST(needed.size() == (scheme == "rediss" ? 1U : 0U), scheme);
    }
}

BOOST_AUTO_TEST_CASE(a_secret_is_read_from_its_file) {
    clean_process const process;
    namespace fs = std::filesystem;
    process.write("token", good_secret + '\n');
    process.write("large", std::string(65 * 1024, 'x'));
    // As Docker and Kubernetes mount them.
    fs::permissions("token", static_cast<fs::perms>(0444));
    auto const from = [](char const* file) {
        ::setenv("API_AUTH_TOKEN_FILE", file, 1);
        auto result = run({"--check-config", "--listen=127.0.0.1:0"});
        ::unsetenv("API_AUTH_TOKEN_FILE");
        return std::get<early_exit>(result);
    };
    BOOST_TEST(from("token").errors == "");
    std::map<std::string, std::string> const wrong{
        {"missing", "no such file"}, {".", "cannot be read"}, {"large", "larger than 65536 bytes"}};
    for (auto const& [file, why] : wrong)
        BOOST_TEST(from(file.c_str()).errors == "otpd: auth.token_file = \"" + file +
                                                    "\" (API_AUTH_TOKEN_FILE in the "
                                                    "environment): " +
                                                    why + '\n');
    fs::permissions("token", static_cast<fs::perms>(0602));
    BOOST_TEST(contains(from("token").errors,
                        "every user of the machine may write to it: chmod o-w token"));
}

BOOST_AUTO_TEST_CASE(secrets_are_wiped_from_the_environment_and_stay_known) {
    clean_process const process;
    ::setenv("OTPD_STORE_URL", "redis://u:s3cr3t@127.0.0.1", 1);
    ::setenv("OTP_HMAC_SECRET", good_secret.c_str(), 1);
    ::setenv("OTP_LENGTH", "8", 1);
    process_environment const before;
    names const values{{"BRIDGEXAPI_API_KEY", "key-for-tests"},
                       {"OTPD_STORE_URL", "redis://u:s3cr3t@127.0.0.1"},
                       {"OTP_HMAC_SECRET", good_secret}};
    std::map<std::string, char const*> places;
    for (auto const& [name, value] : values)
        places[name] = ::getenv(name.c_str());
    process_environment::wipe_secrets();
    for (auto const& [name, value] : values) {
        std::string_view const left(places[name], value.size());
        BOOST_TEST((left == std::string(value.size(), '\0')), name);
        BOOST_TEST(before.variables().at(name) == value);
    }
    BOOST_TEST(::getenv("OTP_LENGTH") == std::string("8"));

    // Like SIGHUP, repeatedly.
    std::array const args{"otpd"};
    for (int i = 0; i < 2; ++i) {
        auto const again = otpd::app::settings_from_process(1, args.data(), before);
        BOOST_TEST_REQUIRE(std::holds_alternative<settings>(again));
        BOOST_TEST(std::get<settings>(again).otp.hmac_secret.reveal() == good_secret);
    }
    for (auto const* name : {"OTPD_STORE_URL", "OTP_HMAC_SECRET", "OTP_LENGTH"})
        ::unsetenv(name);
}

BOOST_AUTO_TEST_SUITE_END()
