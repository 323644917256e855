// What a reload applies: which keys need a restart, and which mixture of new and running settings
// is safe.

#include "app/reload.hpp"
#include "tables.hpp"

#include <set>

using namespace settings_test;
using otpd::app::plan_reload;
using otpd::app::reload_plan;

namespace {

using keys = std::vector<std::string>;

/// Sections whose keys all need a restart: sockets, threads, the upstream's connections, the store,
/// the timeline's file, the collector of traces.
std::set<std::string> const fixed_sections{"server", "bridgexapi", "store", "timeline", "tracing"};
/// The other keys that need one.
std::set<std::string> const fixed_keys{
    "admin.listen",
    "admin.socket",
    "admin.accept_network",
    "otp.hmac_secret",
    "otp.hmac_secret_file",
    "otp.previous_hmac_secrets",
    "otp.previous_hmac_secrets_file",
    "otp.number_key_secret",
    "otp.number_key_secret_file",
    "delivery.enabled",
    "delivery.interval_ms",
    "delivery.open_max",
    "delivery.page_max",
    "log.queue_lines_max",
};

reload_plan plan(settings_sources const& before, settings_sources const& after) {
    auto made = plan_reload(good(before), good(after));
    if (!made)
        for (auto const& line : made.error().lines)
            BOOST_ERROR(line);
    return made.value();
}
reload_plan plan(std::string const& before, std::string const& after) {
    return plan(with_config(before), with_config(after));
}

} // namespace

BOOST_AUTO_TEST_SUITE(setting_reloads)

BOOST_AUTO_TEST_CASE(these_keys_need_a_restart_and_no_others) {
    for (auto const& setting_key : setting_keys())
        BOOST_TEST(setting_key.needs_restart == (fixed_sections.contains(setting_key.section) ||
                                                 fixed_keys.contains(setting_key.path())),
                   setting_key.path());
    for (auto const& path : fixed_keys)
        BOOST_TEST(key(path).needs_restart);
}

// A value of each key, if it is a number or a flag: the others are read in the same way.
BOOST_AUTO_TEST_CASE(a_changed_key_is_applied_or_stays_as_it_is) {
    auto const running = good(sources());
    for (auto const& setting_key : setting_keys()) {
        bool const is_flag = setting_key.kind == value_kind::boolean;
        if (setting_key.kind != value_kind::whole && !is_flag) continue;
        BOOST_TEST_CONTEXT(setting_key.path()) {
            auto fresh = running;
            auto const before = setting_key.show(running);
            for (auto const& text : is_flag
                                        ? keys{"true", "false"}
                                        : keys{std::to_string(static_cast<long>(setting_key.min)),
                                               std::to_string(static_cast<long>(setting_key.max))})
                if (text != before) BOOST_REQUIRE(setting_key.read(fresh, text));
            auto const after = setting_key.show(fresh);
            BOOST_REQUIRE(after != before);
            auto const made = plan_reload(running, fresh);
            if (!made) continue; // alone it would be unsafe
            BOOST_TEST(setting_key.show(made->with) ==
                       (setting_key.needs_restart ? before : after));
            keys const changed{setting_key.path()};
            BOOST_TEST((made->changed == (setting_key.needs_restart ? keys() : changed)));
            BOOST_TEST((made->restart_needed == (setting_key.needs_restart ? changed : keys())));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_file_is_applied) {
    auto const made =
        plan("[server]\nthreads = 2\n", "[server]\nthreads = 3\n[otp]\nlength = 8\n[log]\n"
                                        "queue_lines_max = 100\n" +
                                            client_named("shop"));
    BOOST_TEST((made.changed == keys{"otp.length", "client.shop"}));
    BOOST_TEST((made.restart_needed == keys{"server.threads", "log.queue_lines_max"}));
    BOOST_TEST(made.with.server.threads == 2);
    BOOST_TEST(made.with.otp.code_length == 8U);
    BOOST_TEST(made.with.clients.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_the_same_changes_nothing) {
    std::string const text = "[server]\nthreads = 2\n" + client_named("shop");
    auto const made = plan(text, text);
    BOOST_TEST(made.changed.empty());
    BOOST_TEST(made.restart_needed.empty());
}

BOOST_AUTO_TEST_CASE(the_running_secrets_stay) {
    auto const made = plan(
        with_config("", {{"OTP_HMAC_SECRET", letters_from('A')}}),
        with_config("", {{"OTP_HMAC_SECRET", letters_from('B')}, {"API_AUTH_TOKEN", "t0ken"}}));
    BOOST_TEST((made.restart_needed == keys{"otp.hmac_secret"}));
    BOOST_TEST((made.changed == keys{"auth.token"}));
    BOOST_TEST(made.with.otp.hmac_secret.reveal() == letters_from('A'));
    BOOST_TEST(made.with.auth.token.reveal() == "t0ken");
}

// The file alone is safe: it listens on loopback only.
BOOST_AUTO_TEST_CASE(what_is_safe_only_after_a_restart_is_refused) {
    auto const running = good(sources(on_network()));
    auto const fresh = good(sources({{"OTPD_LIMITS_ENABLED", "false"}}));
    auto const made = plan_reload(running, fresh);
    BOOST_REQUIRE(made.has_error());
    auto const& lines = made.error().lines;
    BOOST_TEST_REQUIRE(lines.size() == 3U); // no token, no limits, no cap
    for (auto const& line : lines)
        BOOST_TEST(contains(line, "until a restart applies what needs one"));
    BOOST_TEST(contains(lines[0], "auth.token"));
    BOOST_TEST(contains(lines[1], "limits.enabled"));
    BOOST_TEST(contains(lines[2], "money.daily_cap"));
}

BOOST_AUTO_TEST_CASE(files_stay_closed_to_others_until_a_restart_leaves_the_network) {
    auto file = with_dotenv("OTP_LENGTH=8\n",
                            {{"API_AUTH_TOKEN", good_secret}, {"OTPD_MONEY_DAILY_CAP", "25"}});
    auto const running = good(sources(on_network()));
    BOOST_TEST(plan_reload(running, good(file)).has_value());
    file.dotenv->is_open_to_all = true;
    auto const fresh = good(file);
    auto const made = plan_reload(running, fresh);
    BOOST_REQUIRE(made.has_error());
    BOOST_TEST(contains(made.error().lines.front(), "chmod o= .env (until a restart"));
    BOOST_TEST(plan_reload(good(sources()), fresh).has_value());
}

BOOST_AUTO_TEST_CASE(the_shipped_file_and_the_page_say_which_keys_need_a_restart) {
    auto const file = otpd::app::config_file();
    auto const page = otpd::app::configuration_page();
    for (auto const& setting_key : setting_keys()) {
        if (setting_key.is_file) continue;
        auto const help = "# " + setting_key.help + "\n# Must be " + setting_key.allowed + '.';
        auto const at = file.find(help);
        BOOST_TEST_REQUIRE((at != std::string::npos), setting_key.path());
        auto const line = file.substr(at, file.find('\n', at + help.size()) - at);
        BOOST_TEST(contains(line, "A change needs a restart.") == setting_key.needs_restart,
                   setting_key.path());
        auto const row = page.find("| `" + setting_key.path() + "` |");
        BOOST_TEST_REQUIRE((row != std::string::npos), setting_key.path());
        BOOST_TEST(contains(page.substr(row, page.find('\n', row) - row), "*Needs a restart.*") ==
                       setting_key.needs_restart,
                   setting_key.path());
    }
}

BOOST_AUTO_TEST_SUITE_END()
