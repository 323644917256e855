// The repeatable tables: what each key accepts, and the messages for everything else.

#include "tables.hpp"

#include <chrono>
#include <set>

using namespace settings_test;
using namespace std::chrono_literals;

namespace {

/// What a key accepts besides its example, and what it refuses, as TOML.
struct key_cases {
    char const* path;
    std::vector<std::string> good;
    std::vector<std::string> bad;
};

std::string quoted(std::string const& text) {
    return '"' + text + '"';
}

std::string repeated(std::string const& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}

std::string secret_of(char first, std::size_t length) {
    return "whsec_" + letters_from(first, length);
}

std::vector<key_cases> all_cases() {
    auto const a = std::string(64, 'a');
    auto const b = std::string(64, 'B');
    auto const name = [](std::size_t length) { return quoted(std::string(length, 'x')); };
    return {
        {"client.name",
         {name(1), name(32), quoted("a-b_9")},
         {quoted(""), name(33), quoted("Shop"), quoted("a b"), quoted("caf\u00e9"), "1"}},
        {"client.token_sha256",
         {"[" + quoted(a) + "]", "[" + quoted(a) + ", " + quoted(b) + "]"},
         {"[]", "[" + quoted(a.substr(1)) + "]", "[" + quoted(a + "a") + "]",
          "[" + quoted("g" + a.substr(1)) + "]", quoted(a),
          "[" + quoted(a) + "," + quoted(b) + "," + quoted(std::string(64, 'c')) + "]", "[1]"}},
        {"client.purposes",
         {"[]", "[\"login\"]", "[\"Pay Now\", \"login\"]"},
         {"[\"\"]", "[\"a\", \"A\"]", "\"login\"", "[" + name(51) + "]", "[\"caf\u00e9\"]",
          "[\"a,b\"]"}},
        {"client.routes", {"[]", "[3]", "[8, 3]"}, {"[0]", "[9]", "[3, 3]", "3", "[\"3\"]"}},
        {"client.countries",
         {"[]", "[\"NL\"]", "[\"NL\", \"BE\"]"},
         {"[\"nl\"]", "[\"NLD\"]", "[\"N\"]", "[\"31\"]", "[\"NL\", \"NL\"]", "\"NL\""}},
        {"client.caller_id",
         {quoted("abc"), quoted("My Shop"), name(11)},
         {quoted(""), quoted("ab"), name(12), quoted(" abc"), quoted("caf\u00e9"), "123"}},
        {"client.default_route_id", {"1", "8"}, {"0", "9", "-1", "3.0", "\"3\""}},
        {"client.default_route_plan",
         {quoted("login")},
         {quoted(""), quoted("Login"), name(33), "1"}},
        {"client.max_price",
         {quoted("0.1"), "0.085", "1", quoted("999999999.999999")},
         {quoted(""), quoted("0"), quoted("-1"), "0.0", "-0.1", quoted("0.0000001"), quoted("1,5"),
          "[1]", "true", "inf", "1e300"}},
        {"client.challenge", {"true", "false"}, {quoted("true"), "1"}},
        {"client.require_verification_id", {"true", "false"}, {quoted("true"), "1"}},
        {"client.web_otp_hosts",
         {"[]", "[\"a.b\"]", "[\"login.shop-1.example\", \"pay.example\"]"},
         {quoted("a.b"), "[\"\"]", "[\"localhost\"]", "[\"Shop.example\"]",
          "[\"https://shop.example\"]", "[\"shop.example:443\"]", "[\"a.b\", \"a.b\"]",
          '[' + quoted(std::string(62, 'a') + ".bc") + ']', "[1]"}},
        {"client.app_hash",
         {quoted("FA+9qCX9VSu"), quoted("/0123456789")},
         {quoted(""), quoted("FA+9qCX9VS"), quoted("FA+9qCX9VSu1"), quoted("FA-9qCX9VSu"), "1"}},
        {"limit.name",
         {name(1), name(32), quoted("a_9")},
         {quoted(""), name(33), quoted("A"), quoted("a-b"), quoted("a b"), "1"}},
        {"limit.key",
         {quoted("number"), quoted("prefix"), quoted("country"), quoted("end_user_address"),
          quoted("caller_address"), quoted("client"), quoted("everybody")},
         {quoted(""), quoted("Number"), quoted("ip"), "1"}},
        {"limit.quota", {"1", "1000000000"}, {"0", "-1", "1000000001", "1.0", "\"1\"", "true"}},
        {"limit.window_seconds", {"1", "2678400"}, {"0", "-1", "2678401", "1.5", "\"60\""}},
        {"limit.mode", {quoted("enforce"), quoted("observe")}, {quoted(""), quoted("off"), "true"}},
        {"limit.step", {quoted("send"), quoted("guess")}, {quoted(""), quoted("verify"), "1"}},
        {"limit.client", {quoted("default")}, {quoted(""), quoted("A"), name(33), "1"}},
        {"template.purpose",
         {quoted("payment"), quoted(" Pay Now "), name(50)},
         {quoted(""), quoted(" "), name(51), quoted("caf\u00e9"), "1"}},
        {"template.locale",
         {quoted("nl"), quoted("pt-BR"), quoted("fil"), quoted("es-419"), quoted("zh-Hans-CN"),
          quoted("sr-Latn")},
         {quoted(""), quoted("n"), quoted("nl_NL"), quoted("nl-"), quoted("netherlandish"), "1"}},
        {"template.text",
         {quoted("{code}"), quoted("{code} {minutes}, yes")},
         {"1", "[\"{code}\"]"}},
        {"purpose.name",
         {quoted("payment"), quoted(" Pay Now "), name(50)},
         {quoted(""), quoted(" "), name(51), quoted("caf\u00e9"), "1"}},
        {"purpose.client", {quoted("default")}, {quoted(""), quoted("A"), name(33), "1"}},
        {"purpose.length", {"6", "10"}, {"3", "11", "6.0", "\"6\""}},
        {"purpose.ttl_seconds", {"30", "600"}, {"29", "601", "\"60\""}},
        {"purpose.max_attempts", {"1", "100"}, {"0", "101", "\"5\""}},
        {"purpose.cooldown_seconds", {"0", "3600"}, {"-1", "3601", "\"60\""}},
        {"purpose.message_template",
         {quoted("{code}"), quoted("{code} {minutes}, yes")},
         {quoted(""), "1", "[\"{code}\"]"}},
        {"purpose.route_plan", {quoted("login")}, {quoted(""), quoted("Login"), name(33), "1"}},
        {"purpose.require_verification_id", {"true", "false"}, {quoted("true"), "1"}},
        {"purpose.variables",
         {"[\"amount\", \"payee\"]", "[\"payee\", \"amount\"]"},
         {"[]", quoted("amount"), "[\"Amount\"]", "[\"code\"]", "[\"minutes\"]", "[\"a-b\"]",
          "[\"a\", \"a\"]", "[" + name(33) + "]",
          "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "[1]"}},
        {"test_number.number",
         {quoted("31612345679"), quoted("+31612345679")},
         {quoted(""), quoted("0612345678"), quoted("316123"), quoted("+31 6 12345678"),
          "31612345678"}},
        {"test_number.code",
         {quoted("000000")},
         {quoted(""), quoted("12345a"), quoted("12345678901"), quoted("-12345"), "123456"}},
        {"test_number.until",
         {"2027-01-31", quoted("2027-01-31"), "2028-02-29", quoted("9999-12-31"), "1970-01-01"},
         {quoted(""), quoted("2027-02-29"), quoted("2027-13-01"), quoted("31-01-2027"),
          quoted("2027-1-31"), quoted("2027-01-31T00:00:00"), "2027-01-31T00:00:00", "07:32:00",
          "20270131", "1969-12-31"}},
        {"route_plan.hedge", {"false"}, {quoted("true"), "1"}}, // true: see plan_checks_test.cpp
        {"route_plan.name",
         {name(1), name(32), quoted("a-b_9")},
         {quoted(""), name(33), quoted("Login"), quoted("a b"), "1"}},
        {"route_plan.purposes",
         {"[]", "[\"login\"]", "[\"Pay Now\", \"login\"]"},
         {"[\"\"]", "[\"a\", \"A\"]", "\"login\"", "[" + name(51) + "]"}},
        {"route_plan.steps",
         {"[{route = 8}]", "[{route = 1}, {route = 1, caller_id = \"abc\"}]",
          "[" + repeated("{route = 3}, ", 8) + "]"},
         {"[]", "[8]", "\"8\"", "{route = 8}", "[{route = 8}, 1]", "8",
          "[" + repeated("{route = 3}, ", 9) + "]"}},
        {"budget.name",
         {name(1), name(32), quoted("a_9")},
         {quoted(""), name(33), quoted("A"), quoted("a-b"), "1"}},
        {"budget.key",
         {quoted("total"), quoted("client"), quoted("purpose"), quoted("route"), quoted("country")},
         {quoted(""), quoted("number"), quoted("Total"), "1"}},
        {"budget.period",
         {quoted("hour"), quoted("day"), quoted("month")},
         {quoted(""), quoted("week"), "3600"}},
        {"budget.cap",
         {quoted("0.000001"), quoted("12.50"), "12.5", "1000000"},
         {quoted(""), quoted("0"), quoted("-1"), quoted("1e3"), quoted("0.1234567"),
          quoted("1000000000"), quoted(".5"), quoted("5."), "0", "true"}},
        {"budget.only", {quoted("default")}, {quoted(""), quoted("A"), name(33), "1"}},
        {"budget.mode", {quoted("enforce"), quoted("observe")}, {quoted("off"), "true"}},
        {"webhook.name",
         {name(1), name(32), quoted("a-b_9")},
         {quoted(""), name(33), quoted("A"), "1"}},
        {"webhook.url",
         {quoted("https://a.example"), quoted("https://a.example:8443/x/y/?z=1&u=%2F"),
          quoted("https://[2001:db8::1]/x")},
         {quoted(""), quoted("a.example"), quoted("http://a.example/"), quoted("ftp://a.example"),
          quoted("https://u:p@a.example/"), quoted("https://a.example/#x"),
          quoted("https://a.example/a b"), quoted("https://"),
          quoted("https://a.example/" + std::string(2048, 'x')), "1"}},
        {"webhook.secrets",
         {"[" + quoted(secret_of('A', 32)) + "]",
          "[" + quoted(secret_of('A', 32)) + ", " + quoted(secret_of('B', 64)) + "]",
          "[" + quoted(secret_of('A', 34) + "A=") + "]",
          "[" + quoted(secret_of('A', 84) + "AA==") + "]"},
         {"[]", quoted(secret_of('A', 32)), "[" + quoted(std::string(32, 'A')) + "]",
          "[" + quoted(secret_of('A', 28)) + "]", "[" + quoted(secret_of('A', 88)) + "]",
          "[" + quoted(secret_of('A', 33)) + "]",
          "[" + quoted("whsec_" + std::string(32, '_')) + "]",
          "[" + quoted(secret_of('A', 33) + "B==") + "]",
          "[" + quoted("whsec_" + std::string(32, 'A')) + "]", // one byte, repeated
          "[" + quoted(secret_of('A', 32)) + ", " + quoted(secret_of('A', 32)) + "]",
          "[" + quoted(secret_of('A', 32)) + "," + quoted(secret_of('B', 32)) + "," +
              quoted(secret_of('C', 32)) + "," + quoted(secret_of('D', 32)) + "," +
              quoted(secret_of('E', 32)) + "]"}},
        {"webhook.events",
         {"[]", "[\"verification.accepted\"]",
          "[\"verification.verified\", \"verification.exhausted\", \"verification.blocked\"]"},
         {"[\"accepted\"]", "[\"verification.admitted\"]",
          "[\"verification.failed\", \"verification.failed\"]", quoted("verification.failed")}},
        {"webhook.client", {quoted("default")}, {quoted(""), quoted("A"), name(33), "1"}},
        {"webhook.allow_private", {"true", "false"}, {quoted("true"), "1"}},
        {"webhook.ca_file", {quoted(""), quoted("/a/b.pem")}, {"1", quoted("a\\nb")}},
        {"hook.client", {quoted("default")}, {quoted(""), quoted("A"), name(33), "1"}},
        {"hook.provider",
         {quoted("supabase"), quoted("logto"), quoted("zitadel"), quoted("authgear"),
          quoted("kratos"), quoted("generic")},
         {quoted(""), quoted("auth0"), quoted("Supabase"), "1"}},
        {"hook.secret",
         {quoted(secret_of('A', 32)), quoted("v1," + secret_of('A', 32))},
         {quoted("a b"), quoted("caf\u00e9"), quoted(std::string(1025, 'x')), "1"}},
        {"hook.old_secret",
         {quoted(secret_of('A', 32)), quoted("v1," + secret_of('A', 32)), quoted("")},
         {quoted("a b"), quoted("caf\u00e9"), quoted(std::string(1025, 'x')), "1"}},
        {"hook.free_text", {"true", "false"}, {quoted("true"), "1"}},
    };
}

} // namespace

BOOST_AUTO_TEST_SUITE(setting_tables)

BOOST_AUTO_TEST_CASE(every_key_is_unique_and_has_words_and_cases) {
    std::set<std::string> seen;
    std::set<std::string> tested;
    for (auto const& key : all_cases())
        tested.insert(key.path);
    for (auto const& key : table_keys())
        BOOST_TEST_CONTEXT(key.path()) {
            BOOST_TEST(seen.insert(key.path()).second);
            BOOST_TEST(key.help.ends_with('.'));
            BOOST_TEST(!key.allowed.empty());
            BOOST_TEST(!key.initial.empty());
        }
    for (auto const& kind : otpd::app::table_kinds())
        BOOST_TEST(kind.help.ends_with('.'));
    BOOST_TEST(seen == tested);
}

BOOST_AUTO_TEST_CASE(what_each_key_takes) {
    for (auto const& [path, good_ones, bad_ones] : all_cases())
        for (auto const& value : good_ones)
            BOOST_TEST_CONTEXT(path << " = " << value) {
                good(with_config(example_with(path, value)));
            }
}

BOOST_AUTO_TEST_CASE(what_each_key_refuses_and_says) {
    for (auto const& [path, good_ones, bad_ones] : all_cases()) {
        auto const& key = table_key_of(path);
        for (auto const& value : bad_ones)
            BOOST_TEST_CONTEXT(path << " = " << value) {
                auto const line = fault(with_config(example_with(path, value)));
                BOOST_TEST(line.starts_with("config.toml:"));
                BOOST_TEST(contains(line, ": [[" + key.section + "]] " + key.name));
                BOOST_TEST(contains(line, ": must be " + key.allowed));
            }
    }
}

BOOST_AUTO_TEST_CASE(a_message_names_the_line_the_value_and_the_type) {
    BOOST_TEST(
        fault(with_config("[[limit]]\nname = \"a\"\nkey = \"ip\"\nquota = 1\n"
                          "window_seconds = 60\n")) ==
        "config.toml:3: [[limit]] key = \"ip\": must be number, "
        "number_of_all_clients, prefix, country, end_user_address, caller_address, client or "
        "everybody");
    BOOST_TEST(fault(with_config("[[limit]]\nname = \"a\"\nkey = \"number\"\nquota = \"1\"\n"
                                 "window_seconds = 60\n")) ==
               "config.toml:4: [[limit]] quota = \"1\": must be a whole number from 1 to "
               "1000000000, written as a TOML integer");
}

BOOST_AUTO_TEST_CASE(what_is_required_is_missed_and_all_else_is_not) {
    for (auto const& key : table_keys())
        BOOST_TEST_CONTEXT(key.path()) {
            auto const from = with_config(example_without(key.path()));
            if (key.is_required)
                BOOST_TEST(fault(from) == "config.toml:1: [[" + key.section + "]] lacks " +
                                              key.name + ": must be " + key.allowed);
            else
                good(from);
        }
}

BOOST_AUTO_TEST_CASE(unknown_keys_and_tables_are_refused_with_their_place) {
    BOOST_TEST(
        fault(with_config("[[template]]\npurpose = \"a\"\ntext = \"{code}\"\nlocal = \"nl\"")) ==
        "config.toml:4: unknown key \"local\" in [[template]] (did you mean locale?)");
    BOOST_TEST(fault(with_config("\n[[clients]]\nname = \"a\"")) ==
               "config.toml:2: unknown table \"clients\" (did you mean client?)");
    for (auto const* text : {"[client]\nname = \"a\"", "client = 1", "client = []", "client = [1]",
                             "client = [{}, 1]"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(fault(with_config(text)) ==
                       "config.toml:1: \"client\" is a table that may be repeated: write it as "
                       "[[client]]");
        }
}

BOOST_AUTO_TEST_CASE(every_fault_of_every_entry_is_reported_at_once) {
    BOOST_TEST(faults(with_config("[[limit]]\nname = \"A\"\nquota = 0\n[[limit]]\nkey = \"x\"\n"
                                  "[[client]]\nname = \"\"\nnme = 1\n"))
                   .size() == 4U + 4U + 3U);
}

BOOST_AUTO_TEST_CASE(entries_keep_their_order_up_to_a_thousand) {
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += "[[limit]]\nname=\"n" + std::to_string(i) +
                "\"\nkey=\"number\"\nquota=1\nwindow_seconds=1\n";
    auto const all = good(with_config(text));
    BOOST_TEST_REQUIRE(all.otp.limits.size() == 1000U);
    BOOST_TEST(all.otp.limits[0].name == "n0");
    BOOST_TEST(all.otp.limits[999].name == "n999");
    text += "[[limit]]\nname=\"x\"\nkey=\"number\"\nquota=1\nwindow_seconds=1\n";
    BOOST_TEST(fault(with_config(text)) == "config.toml:1: more than 1000 [[limit]]");
}

BOOST_AUTO_TEST_CASE(all_that_a_client_may_have) {
    auto const all = good(with_config(
        "[[client]]\nname = \"shop\"\ntoken_sha256 = [\"" + std::string(64, '1') + "\", \"" +
        std::string(64, 'f') +
        "\"]\npurposes = [\"Login\"]\nroutes = [5, 3]\ncountries = [\"NL\"]\n"
        "caller_id = \"SHOP\"\ndefault_route_id = 5\nweb_otp_hosts = [\"shop.example\"]\n"
        "[[client]]\nname = \"crm\"\ntoken_sha256 = [\"" +
        std::string(64, '2') + "\"]\napp_hash = \"FA+9qCX9VSu\"\n"));
    BOOST_TEST_REQUIRE(all.clients.size() == 2U);
    auto const& [shop, tokens] = all.clients[0];
    BOOST_TEST_REQUIRE(tokens.size() == 2U);
    BOOST_TEST((tokens[0][31] == std::byte{0x11}));
    BOOST_TEST((tokens[1][0] == std::byte{0xff}));
    BOOST_TEST((shop.purposes == std::vector<std::string>{"login"}));
    BOOST_TEST((shop.routes == std::vector{3, 5}));
    BOOST_TEST((shop.countries == std::vector<std::string>{"NL"}));
    BOOST_TEST(shop.caller_id == "SHOP");
    BOOST_TEST(shop.default_route_id == 5);
    BOOST_TEST((shop.web_otp_hosts == std::vector<std::string>{"shop.example"}));
    BOOST_TEST((shop.suffix.type == otpd::otp::autofill_suffix::kind::web_otp));
    BOOST_TEST(shop.suffix.text == "shop.example");
    auto const& crm = all.clients[1].profile;
    BOOST_TEST((crm.purposes.empty() && crm.routes.empty() && crm.countries.empty()));
    BOOST_TEST((crm.caller_id.empty() && crm.default_route_id == 0));
    BOOST_TEST((crm.suffix.type == otpd::otp::autofill_suffix::kind::app_hash));
}

BOOST_AUTO_TEST_CASE(a_client_has_one_last_line) {
    auto const line = fault(with_config(client_named("a") + "web_otp_hosts = [\"shop.example\"]\n"
                                                            "app_hash = \"FA+9qCX9VSu\"\n"));
    BOOST_TEST(contains(line, "[[client]] app_hash = \"FA+9qCX9VSu\": must be 11 characters of "
                              "base64; not with web_otp_hosts"));
}

BOOST_AUTO_TEST_CASE(one_host_alone_is_that_of_sends_that_name_none) {
    auto const of = [](char const* hosts) {
        auto const all = good(with_config(client_named("a") + "web_otp_hosts = " + hosts + '\n'));
        return all.clients.at(0).profile.suffix.text;
    };
    BOOST_TEST(of("[\"shop.example\"]") == "shop.example");
    BOOST_TEST(of("[\"shop.example\", \"pay.example\"]") == "");
}

BOOST_AUTO_TEST_CASE(all_that_a_limit_may_have) {
    auto const all = good(with_config(
        client_named("shop") + "[[limit]]\nname = \"a\"\nkey = \"caller_address\"\nquota = 7\n"
                               "window_seconds = 90\nmode = \"observe\"\nstep = \"guess\"\n"
                               "client = \"shop\"\n"
                               "[[limit]]\nname = \"b\"\nkey = \"everybody\"\nquota = 1\n"
                               "window_seconds = 1\n"));
    BOOST_TEST_REQUIRE(all.otp.limits.size() == 2U);
    auto const& a = all.otp.limits[0];
    BOOST_TEST((a.key == otpd::otp::limit_key::caller_address));
    BOOST_TEST(a.quota == 7U);
    BOOST_TEST((a.window == 90s));
    BOOST_TEST((a.mode == otpd::otp::limit_mode::observe));
    BOOST_TEST((a.step == otpd::otp::limit_step::guess));
    BOOST_TEST(a.client == "shop");
    auto const& b = all.otp.limits[1];
    BOOST_TEST((b.key == otpd::otp::limit_key::everybody));
    BOOST_TEST((b.mode == otpd::otp::limit_mode::enforce));
    BOOST_TEST((b.step == otpd::otp::limit_step::send));
    BOOST_TEST(b.client.empty());
}

BOOST_AUTO_TEST_CASE(all_that_a_template_and_a_test_number_may_have) {
    auto const all =
        good(with_config("[[template]]\npurpose = \"Payment\"\nlocale = \"pt-BR\"\n"
                         "text = \"{code}, {minutes} min\"\n"
                         "[[test_number]]\nnumber = \"+31612345678\"\ncode = \"012345\"\n"
                         "until = 2027-01-31\n"));
    BOOST_TEST_REQUIRE(all.templates.size() == 1U);
    BOOST_TEST(all.templates[0].purpose == "payment");
    BOOST_TEST(all.templates[0].locale.text == "pt-br");
    BOOST_TEST(all.templates[0].text == "{code}, {minutes} min");
    BOOST_TEST_REQUIRE(all.test_numbers.size() == 1U);
    BOOST_TEST(all.test_numbers[0].number->digits() == "31612345678");
    BOOST_TEST(all.test_numbers[0].code.reveal() == "012345");
    BOOST_TEST((all.test_numbers[0].until ==
                std::chrono::sys_days(std::chrono::year(2027) / std::chrono::January / 31)));
}

BOOST_AUTO_TEST_CASE(all_that_a_purpose_may_have) {
    auto const all = good(with_config(
        client_named("shop") + plan_named("a") +
        "[[purpose]]\nname = \"Payment\"\nlength = 8\nttl_seconds = 120\nmax_attempts = 3\n"
        "cooldown_seconds = 60\nmessage_template = \"Pay: {code}\"\nroute_plan = \"a\"\n"
        "require_verification_id = true\n"
        "[[purpose]]\nname = \"payment\"\nclient = \"shop\"\nttl_seconds = 60\n"));
    BOOST_TEST_REQUIRE(all.purposes.size() == 2U);
    auto const& usual = all.purposes[0];
    BOOST_TEST(usual.name == "payment");
    BOOST_TEST(usual.text == "Pay: {code}");
    auto const rules = rules_of(all, usual);
    BOOST_TEST(rules.code_length == 8U);
    BOOST_TEST((rules.ttl == 120s));
    BOOST_TEST(rules.attempts_max == 3U);
    BOOST_TEST((rules.cooldown.base == 60s));
    BOOST_TEST(rules.plan == "a");
    BOOST_TEST(rules.require_verification_id);
    // A client's table changes what the purpose's says; the rest stays.
    auto const of_shop = rules_of(all, all.purposes[1]);
    BOOST_TEST((of_shop.ttl == 60s));
    BOOST_TEST(of_shop.code_length == 8U);
    BOOST_TEST(of_shop.require_verification_id);
}

BOOST_AUTO_TEST_CASE(tables_have_no_names_in_the_environment) {
    for (auto const& key : table_keys())
        BOOST_TEST(
            contains(fault(sources({{"OTPD_" + upper(key.section) + '_' + upper(key.name), "x"}})),
                     "unknown name"));
}

BOOST_AUTO_TEST_CASE(no_message_holds_a_token_a_code_or_a_test_number) {
    for (auto const& key : table_keys()) {
        if (!key.is_concealed()) continue;
        for (auto const* value : {"\"s3cr3t\"", "[\"s3cr3t\"]", "[[\"s3cr3t\"]]"})
            BOOST_TEST_CONTEXT(key.path() << " = " << value) {
                auto const line = fault(with_config(example_with(key.path(), value)));
                BOOST_TEST(!contains(line, "s3cr3t"));
                BOOST_TEST(contains(line, key.name + ": must be "));
            }
    }
}

BOOST_AUTO_TEST_CASE(secrets_of_tables_are_bare) {
    for (auto const& key : table_keys())
        if (key.is_concealed()) BOOST_TEST_CONTEXT(key.path()) {
                std::map<std::string, std::string> const wrong{
                    {"'" + key.initial + "'", "still has the quotes"},
                    {key.initial + ' ', "white space"},
                    {' ' + key.initial, "white space"}};
                for (auto const& [text, why] : wrong) {
                    auto const literal =
                        key.kind == value_kind::text_list ? '[' + quoted(text) + ']' : quoted(text);
                    auto const line = fault(with_config(example_with(key.path(), literal)));
                    BOOST_TEST(contains(line, "]] " + key.name + ": "));
                    BOOST_TEST(contains(line, why));
                    BOOST_TEST(!contains(line, key.initial));
                }
            }
}

BOOST_AUTO_TEST_SUITE_END()
