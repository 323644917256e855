// Tables that are valid individually, but not together or not with the other settings.

#include "tables.hpp"

#include <chrono>

using namespace settings_test;
using namespace std::chrono_literals;

namespace {

std::string limit_named(std::string const& name, std::string const& more = "") {
    return "[[limit]]\nname = \"" + name +
           "\"\nkey = \"number\"\nquota = 1\nwindow_seconds = 60\n" + more;
}

std::string test_number(std::string const& number, std::string const& code,
                        std::string const& until = "2027-01-31") {
    return "[[test_number]]\nnumber = \"" + number + "\"\ncode = \"" + code +
           "\"\nuntil = " + until + '\n';
}

std::string text_of(std::size_t length) {
    return std::string(length, 'x') + "{code}";
}

/// The space for the text of an SMS with a code of six digits.
constexpr std::size_t room = 158 - 6;
/// "\n@shop.example #123456"
constexpr std::size_t suffix_length = 1 + 1 + 12 + 2 + 6;

} // namespace

BOOST_AUTO_TEST_SUITE(setting_table_checks)

// --- clients ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(clients_have_names_of_their_own) {
    good(with_config(client_named("a", '1') + client_named("b", '2')));
    BOOST_TEST(fault(with_config(client_named("a", '1') + client_named("a", '2'))) ==
               "[[client]] \"a\" is there twice: give each client a name of its own");
}

BOOST_AUTO_TEST_CASE(the_holder_of_the_token_of_the_reference_is_the_client_default) {
    good(with_config(client_named("default")));
    good(with_config(client_named("a"), {{"API_AUTH_TOKEN", "the-token"}}));
    BOOST_TEST(
        fault(with_config(client_named("default"), {{"API_AUTH_TOKEN", "the-token"}})) ==
        "[[client]] \"default\" is the client of auth.token: choose another name, or leave one of "
        "them out");
}

BOOST_AUTO_TEST_CASE(a_token_belongs_to_one_client) {
    BOOST_TEST(fault(with_config(client_named("a", '1') + client_named("b", '1'))) ==
               "[[client]] \"b\" has a token of [[client]] \"a\": give each client tokens of its "
               "own");
    auto const same = '"' + std::string(64, 'a') + '"';
    auto const either_case = '"' + std::string(64, 'A') + '"';
    BOOST_TEST(fault(with_config("[[client]]\nname = \"a\"\ntoken_sha256 = [" + same + "," +
                                 either_case + "]\n")) ==
               "[[client]] \"a\" has the same token twice: leave one of them out");
}

BOOST_AUTO_TEST_CASE(the_token_of_the_reference_is_no_other_clients) {
    // SHA-256 of "the-token"
    constexpr auto const* digest =
        "c2a73fcf61dfbdcadc79a10ba330b2ef5eb66fc0a6735ed69b796bb3c97b97ae";
    auto const shop =
        "[[client]]\nname = \"shop\"\ntoken_sha256 = [\"" + std::string(digest) + "\"]\n";
    good(with_config(shop));
    BOOST_TEST(fault(with_config(shop, {{"API_AUTH_TOKEN", "the-token"}})) ==
               "[[client]] \"shop\" has a token of auth.token: give each client tokens of its own");
}

BOOST_AUTO_TEST_CASE(clients_guard_the_network_as_a_token_does) {
    good(with_config(client_named("a"),
                     {{"OTPD_SERVER_LISTEN", "0.0.0.0:8000"}, {"OTPD_MONEY_DAILY_CAP", "25"}}));
}

BOOST_AUTO_TEST_CASE(a_clients_routes_are_allowed_ones) {
    good(with_config(client_named("a") + "routes = [3, 8]\n"));
    BOOST_TEST(fault(with_config(client_named("a") + "routes = [3, 6]\n")) ==
               "[[client]] \"a\" has route 6, which is not in otp.allowed_routes: add it there or "
               "leave it out");
}

BOOST_AUTO_TEST_CASE(a_clients_usual_route_is_one_of_its_own) {
    good(with_config(client_named("a") + "routes = [5, 8]\ndefault_route_id = 5\n"));
    good(with_config(client_named("a") + "default_route_id = 5\n"));
    BOOST_TEST(fault(with_config(client_named("a") + "routes = [5]\ndefault_route_id = 8\n")) ==
               "[[client]] \"a\" has default_route_id = 8, which is none of its routes: choose "
               "another");
    BOOST_TEST(fault(with_config(client_named("a") + "default_route_id = 6\n")) ==
               "[[client]] \"a\" has default_route_id = 6, which is none of its routes: choose "
               "another");
    BOOST_TEST(fault(with_config(client_named("a") + "routes = [5]\n")) ==
               "[[client]] \"a\" may not use otp.default_route_id = 3: give it a default_route_id");
}

BOOST_AUTO_TEST_CASE(a_clients_countries_are_allowed_ones) {
    auto const from = [](char const* allowed) {
        return with_config("[numbers]\ncountries = " + std::string(allowed) + '\n' +
                           client_named("a") + "countries = [\"NL\", \"BE\"]\n");
    };
    good(from("[]"));
    good(from("[\"BE\", \"DE\", \"NL\"]"));
    BOOST_TEST(
        fault(from("[\"NL\"]")) ==
        "[[client]] \"a\" has country BE, which is not in numbers.countries: add it there or "
        "leave it out");
}

// --- countries ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(countries_are_known_by_the_numbering_plan_only) {
    auto const limit =
        "[[limit]]\nname = \"a\"\nkey = \"country\"\nquota = 1\nwindow_seconds = 1\n";
    std::map<std::string, std::string> const cases{
        {"countries = [\"NL\"]\n", "numbers.countries"},
        {"denied = [\"31\", \"NL\"]\n", "a country in numbers.denied"},
        {"trusted = [\"NL\"]\n", "a country in numbers.trusted"},
        {client_named("a") + "countries = [\"NL\"]\n", "countries of [[client]] \"a\""},
        {limit, "key = \"country\" of [[limit]] \"a\""}};
    for (auto const& [text, what] : cases)
        BOOST_TEST_CONTEXT(text) {
            good(with_config("[numbers]\n" + text));
            BOOST_TEST(fault(with_config("[numbers]\ncheck = false\n" + text)) ==
                       what + " needs numbers.check = true: without it no country is known");
        }
    good(with_config("[numbers]\ncheck = false\ndenied = [\"31\"]\n"));
}

BOOST_AUTO_TEST_CASE(countries_that_do_not_exist_are_refused_wherever_they_are_named) {
    std::map<std::string, std::string> const cases{
        {"[numbers]\ncountries = [\"NL\", \"UK\"]\n", "numbers.countries"},
        {"[numbers]\ndenied = [\"31\", \"UK\"]\n", "numbers.denied"},
        {"[numbers]\ntrusted = [\"UK\", \"NL\"]\n", "numbers.trusted"},
        {client_named("a") + "countries = [\"UK\"]\n", "[[client]] \"a\""},
        {plan_named("a", "{route = 3}, {route = 5, countries = [\"UK\"]}"), "[[route_plan]] \"a\""},
        {"[[budget]]\nname = \"a\"\nkey = \"country\"\nonly = \"UK\"\nperiod = \"day\"\n"
         "cap = 1\n",
         "[[budget]] \"a\""}};
    for (auto const& [text, where] : cases)
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(fault(with_config(text)) ==
                       where + " has country UK, which does not exist: countries are called as in "
                               "ISO 3166-1, GB for example");
            auto exists = text;
            exists.replace(exists.find("UK"), 2, "GB");
            good(with_config(exists));
        }
    BOOST_TEST(faults(with_config("[numbers]\ndenied = [\"XX\", \"EL\"]\n")).size() == 2U);
}

// --- limits -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(limits_have_names_that_nothing_else_has) {
    good(with_config(limit_named("a") + limit_named("b")));
    std::vector<std::string> taken{"cooldown",       "guesses",         "reads_client_1m",
                                   "pumping_prefix", "pumping_country", "pumping_x",
                                   "daily_cap"};
    for (auto const& built_in_limit : otpd::app::built_in_limits())
        taken.emplace_back(built_in_limit.name);
    for (auto const& name : taken)
        BOOST_TEST(fault(with_config(limit_named(name))) ==
                   "[[limit]] \"" + name +
                       "\": there is a limit of that name already, choose another");
    BOOST_TEST(contains(fault(with_config(limit_named("a") + limit_named("a"))), "choose another"));
}

BOOST_AUTO_TEST_CASE(a_limit_of_a_client_is_of_one_that_there_is) {
    auto const of = [](std::string const& client) {
        return limit_named("a", "client = \"" + client + "\"\n");
    };
    good(with_config(of("shop") + client_named("shop")));
    auto const line = fault(with_config(of("shop") + client_named("crm")));
    BOOST_TEST(line == "[[limit]] \"a\" is for client \"shop\", which no [[client]] is");
    // The client that exists without a table, which is also that of auth.token.
    good(with_config(of("default")));
    good(with_config(of("default") + client_named("a"), {{"API_AUTH_TOKEN", "the-token"}}));
    BOOST_TEST(contains(fault(with_config(of("default") + client_named("a"))), "which no"));
}

// --- templates ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(texts_fit_with_the_code_that_is_sent) {
    auto const from = [](std::size_t length, char const* digits) {
        return with_config("[otp]\nmessage_template = \"" + text_of(length) + "\"\n[[template]]\n" +
                               "purpose = \"a\"\ntext = \"" + text_of(length) + "\"\n",
                           {{"OTP_LENGTH", digits}});
    };
    good(from(room, "6"));
    good(from(room - 4, "10"));
    auto const lines = faults(from(room + 1, "6"));
    BOOST_TEST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(contains(lines[0], "otp.message_template = \"xxx"));
    BOOST_TEST(contains(lines[1], "[[template]] of purpose \"a\" = \"xxx"));
    for (auto const& line : lines)
        BOOST_TEST(contains(line, "may become 159 characters long, 158 are allowed"));
    BOOST_TEST(faults(from(room, "10")).size() == 2U);
}

BOOST_AUTO_TEST_CASE(texts_fit_with_the_last_line_of_every_client_that_may_use_them) {
    auto const from = [](std::size_t length, char const* purposes) {
        return with_config("[[template]]\npurpose = \"pay\"\ntext = \"" + text_of(length) + "\"\n" +
                           client_named("a") +
                           "web_otp_hosts = [\"shop.example\", \"a.b\"]\npurposes = " + purposes +
                           '\n');
    };
    for (auto const* uses_it : {"[]", "[\"pay\"]", "[\"login\", \"pay\"]"})
        BOOST_TEST_CONTEXT(uses_it) {
            good(from(room - suffix_length, uses_it));
            BOOST_TEST(contains(fault(from(room - suffix_length + 1, uses_it)),
                                "may become 159 characters long"));
        }
    good(from(room, "[\"login\"]"));
    // The default text applies to everybody.
    BOOST_TEST(contains(fault(with_config("[otp]\nmessage_template = \"" + text_of(room) + "\"\n" +
                                          client_named("a") + "app_hash = \"FA+9qCX9VSu\"\n")),
                        "otp.message_template"));
    // And to the holder of auth.token.
    BOOST_TEST(contains(
        fault(with_config("[otp]\nmessage_template = \"" + text_of(room - suffix_length + 1) +
                          "\"\n[auth]\nweb_otp_hosts = [\"shop.example\"]\n")),
        "may become 159 characters long"));
}

BOOST_AUTO_TEST_CASE(texts_have_their_placeholders) {
    auto const from = [](char const* text) {
        return with_config("[[template]]\nlocale = \"nl\"\ntext = \"" + std::string(text) + "\"\n");
    };
    good(from("{code} {minutes}"));
    for (auto const& [text, why] : std::map<char const*, char const*>{
             {"no code", "does not have {code} exactly once"},
             {"{code} {code}", "does not have {code} exactly once"},
             {"{code} {name}", "has a placeholder other than {code} and {minutes}"},
             {"{code} \\t", "has a character that is not printable ASCII"},
             {"\u00e9 {code}", "has a character that is not printable ASCII"}})
        BOOST_TEST_CONTEXT(text) {
            auto const line = fault(from(text));
            BOOST_TEST(line.starts_with("[[template]] of locale \"nl\" = "));
            BOOST_TEST(contains(line, why));
            BOOST_TEST(line.find_first_of("\t\xC3") == std::string::npos);
        }
}

// --- purposes -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_clients_purpose_is_only_stricter) {
    auto const from = [](char const* keys) {
        return with_config(client_named("a") +
                           "[[purpose]]\nname = \"pay\"\nlength = 8\nttl_seconds = 120\n"
                           "max_attempts = 3\ncooldown_seconds = 60\n"
                           "[[purpose]]\nname = \"pay\"\nclient = \"a\"\n" +
                           keys);
    };
    good(from("length = 10\nttl_seconds = 60\nmax_attempts = 2\ncooldown_seconds = 90\n"
              "require_verification_id = true\n"));
    good(from("length = 8\nttl_seconds = 120\nmax_attempts = 3\ncooldown_seconds = 60\n"));
    for (auto const& [keys, why] : std::map<char const*, char const*>{
             {"length = 7\n", "length that is shorter"},
             {"ttl_seconds = 121\n", "ttl_seconds that is longer"},
             {"max_attempts = 4\n", "max_attempts that is higher"},
             {"cooldown_seconds = 59\n", "cooldown_seconds that is shorter"}})
        BOOST_TEST(fault(from(keys)) ==
                   "[[purpose]] \"pay\" of client \"a\" has a " + std::string(why) +
                       " than for other clients: a client's table may only narrow");
    BOOST_TEST(contains(fault(from("message_template = \"{code}\"\n")),
                        "only the table for every client may"));
    // Without a table of every client, [otp] is what it narrows.
    auto const alone = [](char const* ttl) {
        return with_config(client_named("a") +
                           "[[purpose]]\nname = \"pay\"\nclient = \"a\"\nttl_seconds = " + ttl);
    };
    good(alone("300"));
    BOOST_TEST(contains(fault(alone("301")), "ttl_seconds that is longer"));
    BOOST_TEST(contains(fault(with_config("[[purpose]]\nname = \"pay\"\nclient = \"b\"\n")),
                        "is for client \"b\", which no [[client]] is"));
}

BOOST_AUTO_TEST_CASE(the_chance_of_a_guess_is_bounded_for_every_purpose) {
    auto const from = [](char const* length) {
        return with_config("[[purpose]]\nname = \"pay\"\nlength = " + std::string(length));
    };
    good(from("6"));
    BOOST_TEST(fault(from("5")) ==
               "[[purpose]] \"pay\" length = 5 with otp.guesses_per_day = 20 can be guessed with a "
               "chance of 0.0006, over otp.accepted_guess_risk = 0.0001: use longer codes or fewer "
               "guesses, or raise otp.accepted_guess_risk to accept it");
}

BOOST_AUTO_TEST_CASE(a_purposes_codes_are_known_as_long_as_they_are_valid) {
    auto const from = [](char const* ttl) {
        return with_config("[otp]\nttl_seconds = 60\nrecord_seconds = 90\n[[purpose]]\n"
                           "name = \"pay\"\nttl_seconds = " +
                           std::string(ttl));
    };
    good(from("90"));
    BOOST_TEST(contains(fault(from("91")), "more than otp.record_seconds"));
}

BOOST_AUTO_TEST_CASE(a_purpose_has_one_table_one_text_and_one_plan) {
    std::string const pay = "[[purpose]]\nname = \"pay\"\n";
    BOOST_TEST(fault(with_config(pay + pay)) ==
               "[[purpose]] \"pay\" is there twice: leave one of them out");
    std::string const text = "message_template = \"{code}\"\n";
    std::string const other = "[[template]]\npurpose = \"pay\"\ntext = \"{code}\"\n";
    BOOST_TEST(contains(fault(with_config(pay + text + other)), "leave one of them out"));
    good(with_config(pay + text + other + "locale = \"nl\"\n"));
    BOOST_TEST(
        contains(fault(with_config(pay + "route_plan = \"a\"\n")), "which no [[route_plan]] is"));
    BOOST_TEST(contains(fault(with_config(pay + "route_plan = \"a\"\n" + plan_named("a") +
                                          plan_named("b") + "purposes = [\"pay\"]\n")),
                        "leave it out of one of them"));
}

BOOST_AUTO_TEST_CASE(every_text_of_a_purpose_says_its_variables) {
    std::string const pay = "[[purpose]]\nname = \"pay\"\nvariables = [\"amount\"]\n";
    std::string const text = "message_template = \"{amount} {code}\"\n";
    good(with_config(pay + text));
    BOOST_TEST(fault(with_config("[[purpose]]\nname = \"hook:logto\"\nvariables = [\"amount\"]\n" +
                                 text)) ==
               "[[purpose]] \"hook:logto\" has variables, which no identity provider gives: leave "
               "them out");
    good(with_config(pay + "[[template]]\npurpose = \"pay\"\ntext = \"{code} {amount}\"\n"));
    BOOST_TEST(fault(with_config(pay)) == "[[purpose]] \"pay\" has variables and no text that says "
                                          "them: give it a message_template");
    BOOST_TEST(contains(fault(with_config(pay + "message_template = \"{code}\"\n")),
                        "does not have {amount}"));
    BOOST_TEST(contains(fault(with_config(pay + text +
                                          "[[template]]\npurpose = \"pay\"\nlocale = \"nl\"\n"
                                          "text = \"{code}\"\n")),
                        "does not have {amount}"));
    // Other purposes have no such placeholder.
    BOOST_TEST(
        contains(fault(with_config("[otp]\nmessage_template = \"{code} {amount}\"\n" + pay + text)),
                 "otp.message_template"));
}

BOOST_AUTO_TEST_CASE(texts_fit_with_the_codes_of_every_purpose_that_uses_them) {
    std::string const purpose = "[[purpose]]\nname = \"pay\"\nlength = 10\n";
    auto const general = "[otp]\nmessage_template = \"" + text_of(room) + "\"\n";
    BOOST_TEST(contains(fault(with_config(general + purpose)), "may become 162 characters long"));
    good(with_config(general + purpose + "message_template = \"{code}\"\n"));
    BOOST_TEST(fault(with_config(purpose + "message_template = \"" + text_of(room) + "\"\n"))
                   .starts_with("[[purpose]] \"pay\" message_template = \"xxx"));
    auto const own = "[[template]]\npurpose = \"pay\"\ntext = \"" + text_of(room) + "\"\n";
    BOOST_TEST(contains(fault(with_config(purpose + own)), "may become 162 characters long"));
}

BOOST_AUTO_TEST_CASE(there_is_one_text_for_a_purpose_and_a_locale) {
    auto const text = [](char const* keys) {
        return "[[template]]\ntext = \"{code}\"\n" + std::string(keys);
    };
    good(with_config(text("purpose = \"a\"\n") + text("purpose = \"a\"\nlocale = \"nl\"\n") +
                     text("locale = \"nl\"\n") + text("purpose = \"b\"\n")));
    BOOST_TEST(
        fault(with_config(text("purpose = \"a\"\nlocale = \"nl-BE\"\n") +
                          text("purpose = \"A\"\nlocale = \"NL-be\"\n"))) ==
        "[[template]] of purpose \"a\" of locale \"nl-be\" is there twice: leave one of them "
        "out");
    BOOST_TEST(fault(with_config(text(""))) ==
               "[[template]] needs a purpose or a locale: the text of all others is "
               "otp.message_template");
}

// --- test numbers -------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(test_numbers_have_codes_as_long_as_all_others) {
    good(with_config(test_number("31612345678", "123456") + test_number("31612345679", "123456")));
    auto const line = fault(with_config(test_number("31612345678", "98765")));
    BOOST_TEST(line ==
               "[[test_number]] \"*******5678\" has a code that does not have the 6 digits of "
               "otp.length");
    good(with_config(test_number("31612345678", "12345678"), {{"OTP_LENGTH", "8"}}));
}

BOOST_AUTO_TEST_CASE(a_test_number_is_there_once) {
    BOOST_TEST(fault(with_config(test_number("31612345678", "123456") +
                                 test_number("+31612345678", "654321"))) ==
               "[[test_number]] \"*******5678\" is there twice: leave one of them out");
}

BOOST_AUTO_TEST_CASE(a_test_number_that_is_over_is_said_and_starts) {
    auto const all = good(with_config(test_number("31612345678", "123456", "2026-01-31"),
                                      {{"OTPD_PUMPING_MODE", "enforce"}}));
    auto const last_day =
        std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 31);
    BOOST_TEST(otpd::app::settings_notes(all, last_day).empty());
    auto const notes = otpd::app::settings_notes(all, last_day + std::chrono::days(1));
    BOOST_TEST_REQUIRE(notes.size() == 1U);
    BOOST_TEST(notes[0] ==
               "[[test_number]] *******5678 ended with 2026-01-31: it is a number as any "
               "other and gets an SMS");
}

BOOST_AUTO_TEST_CASE(a_guard_that_refuses_nothing_is_said_and_starts) {
    auto const notes_of = [](names const& environment) {
        return otpd::app::settings_notes(good(sources(environment)), {});
    };
    BOOST_TEST(notes_of({}).empty());
    names const observing{{"OTPD_PUMPING_MODE", "observe"}};
    auto const notes = notes_of(observing);
    BOOST_TEST_REQUIRE(notes.size() == 1U);
    BOOST_TEST(contains(notes[0], "pumping.mode = observe: "));
    for (auto const* off : {"OTPD_PUMPING_ENABLED", "OTPD_LIMITS_ENABLED"}) {
        auto without = observing;
        without[off] = "false";
        BOOST_TEST(notes_of(without).empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
