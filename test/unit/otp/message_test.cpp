#include "otpd/bridgexapi/types.hpp"
#include "otpd/otp/message.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;

namespace {

using text_list = std::vector<message_template>;

purpose const login = *purpose::parse("login");
purpose const payment = *purpose::parse("payment");
std::string const code = "048213";

locale_tag locale(char const* text) {
    return *locale_tag::parse(text);
}

std::string text_of(messages const& from, purpose const& purpose, locale_tag const& where = {},
                    autofill_suffix const& suffix = {}, message_facts const& facts = {300s}) {
    return messages::compose(from.text_for(purpose, where), code, facts, suffix).reveal();
}

std::string fault_of(std::string const& text, std::vector<autofill_suffix> const& suffixes = {}) {
    return messages::fault_of(text, 6, {300s}, suffixes).value_or("");
}

} // namespace

BOOST_AUTO_TEST_SUITE(message_texts)

BOOST_AUTO_TEST_CASE(are_the_nearest_template_of_purpose_and_locale) {
    messages const all(text_list{{"", {}, "any {code}"},
                                 {"", locale("nl"), "nl {code}"},
                                 {"login", {}, "login {code}"},
                                 {"login", locale("pt"), "login pt {code}"},
                                 {"login", locale("pt-BR"), "login pt-br {code}"}});
    BOOST_TEST(text_of(all, payment) == "any 048213");
    BOOST_TEST(text_of(all, payment, locale("NL-be")) == "nl 048213");
    BOOST_TEST(text_of(all, payment, locale("fr")) == "any 048213");
    BOOST_TEST(text_of(all, login) == "login 048213");
    BOOST_TEST(text_of(all, login, locale("nl")) == "login 048213"); // the purpose takes precedence
    BOOST_TEST(text_of(all, login, locale("pt-pt")) == "login pt 048213");
    BOOST_TEST(text_of(all, login, locale("PT-br")) == "login pt-br 048213");
}

// A user who sees too many minutes would be late.
BOOST_AUTO_TEST_CASE(say_how_long_the_code_lives_rounded_down) {
    auto const said = [](std::chrono::seconds ttl) {
        return text_of(messages(text_list{{"", {}, "{code}: {minutes} min, {minutes}"}}), login, {},
                       {}, {ttl});
    };
    BOOST_TEST(said(30s) == "048213: 1 min, 1");
    BOOST_TEST(said(61s) == "048213: 1 min, 1");
    BOOST_TEST(said(119s) == "048213: 1 min, 1");
    BOOST_TEST(said(120s) == "048213: 2 min, 2");
    BOOST_TEST(said(600s) == "048213: 10 min, 10");
}

// RFC 4647 3.4: subtags are removed from the end of the requested tag until a template matches.
BOOST_AUTO_TEST_CASE(are_found_from_the_whole_language_tag_to_its_language) {
    messages const all(text_list{{"", {}, "any {code}"},
                                 {"", locale("zh"), "zh {code}"},
                                 {"", locale("zh-Hant"), "zh-hant {code}"},
                                 {"", locale("zh-Hant-TW"), "zh-hant-tw {code}"},
                                 {"", locale("en-US"), "en-us {code}"},
                                 {"", locale("sr-Latn"), "sr-latn {code}"}});
    auto const text_in = [&all](char const* wanted) { return text_of(all, login, locale(wanted)); };
    BOOST_TEST(text_in("zh-Hans-CN") == "zh 048213");
    BOOST_TEST(text_in("zh-Hant-HK") == "zh-hant 048213");
    BOOST_TEST(text_in("ZH-hANT-tw-x-own") == "zh-hant-tw 048213");
    BOOST_TEST(text_in("en-US-u-mu-celsius") == "en-us 048213");
    BOOST_TEST(text_in("en") == "any 048213"); // never a longer tag than the requested one
    BOOST_TEST(text_in("en-USX") == "any 048213");
    BOOST_TEST(text_in("sr-Latn") == "sr-latn 048213");
    BOOST_TEST(text_in("sr-RS") == "any 048213"); // nor another one
    BOOST_TEST(text_in("zho") == "any 048213");
}

BOOST_AUTO_TEST_CASE(end_as_browsers_and_apps_expect_and_have_the_stated_length) {
    messages const all(text_list{{"", {}, "Your code is {code}."}});
    auto const web = *autofill_suffix::web_otp_for("example.com");
    auto const framed = *autofill_suffix::web_otp_for("top.example", "frame.example");
    auto const app = *autofill_suffix::app_hash_of("FA+9qCX9VSu");
    BOOST_TEST(text_of(all, login, {}, framed) ==
               "Your code is 048213.\n@top.example #048213 @frame.example");
    BOOST_TEST(text_of(all, login, {}, web) == "Your code is 048213.\n@example.com #048213");
    BOOST_TEST(text_of(all, login, {}, app) == "Your code is 048213.\nFA+9qCX9VSu");
    for (auto const& suffix : {web, framed, app, autofill_suffix{}}) {
        std::size_t const most = suffix.type == autofill_suffix::kind::app_hash ? 140 : 158;
        auto const length = messages::compose("{code}", code, {300s}, suffix).size();
        auto const longest = "{code}" + std::string(most - length, 'x');
        BOOST_TEST(messages::fits(longest, 6, {300s}, suffix));
        BOOST_TEST(!messages::fits(longest + 'x', 6, {300s}, suffix));
    }
}

// What a caller gives is text, never a placeholder.
BOOST_AUTO_TEST_CASE(say_the_variables_of_the_transaction) {
    messages const all(text_list{{"", {}, "Pay {amount} to {payee} ({amount}): {code}"}});
    message_facts const facts{300s, {{"amount", "12.50 EUR"}, {"payee", "{code} {minutes}"}}};
    BOOST_TEST(text_of(all, login, {}, {}, facts) ==
               "Pay 12.50 EUR to {code} {minutes} (12.50 EUR): 048213");
}

BOOST_AUTO_TEST_CASE(fit_with_their_variables_or_do_not) {
    auto const fits = [](std::string const& payee) {
        return messages::fits("{payee}{code}", 6, {300s, {{"payee", payee}}}, {});
    };
    BOOST_TEST(fits(std::string(152, 'x')));
    BOOST_TEST(!fits(std::string(153, 'x')));
    BOOST_TEST(fits(std::string(77, '~'))); // two septets each
    BOOST_TEST(!fits(std::string(78, '~')));
    BOOST_TEST(!fits("`"));
}

// An identity provider made it.
BOOST_AUTO_TEST_CASE(say_a_given_code_in_the_template_or_in_a_text_of_its_own) {
    messages const all(text_list{{"", {}, "Your code is {code}."}});
    std::optional given = given_code{secret_string("4R7T2K")};
    auto const said = [&](autofill_suffix const& end) {
        auto const& text = all.text_for(login, {}, given);
        return messages::compose(text, given->code.reveal(), {300s}, end).reveal();
    };
    auto const fits = [&](autofill_suffix const& end) {
        return messages::fits(all.text_for(login, {}, given), 6, {300s}, end);
    };
    auto const suffix = *autofill_suffix::web_otp_for("shop.example");
    BOOST_TEST(said(suffix) == "Your code is 4R7T2K.\n@shop.example #4R7T2K");
    given->text = "{code} for {minutes} minutes";
    BOOST_TEST(said({}) == "4R7T2K for 5 minutes");
    given->text = "{code}" + std::string(152, 'x');
    BOOST_TEST(fits({}));
    BOOST_TEST(!fits(suffix));
    given->text += 'x';
    BOOST_TEST(!fits({}));
}

BOOST_AUTO_TEST_CASE(need_a_template_for_everything_else) {
    BOOST_CHECK_THROW(messages(text_list{{"login", {}, "{code}"}}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(templates)

BOOST_AUTO_TEST_CASE(are_proven_to_fit_at_their_longest) {
    constexpr auto longest = bridgexapi::max_message_length;
    BOOST_TEST(fault_of(std::string(longest - 6, 'x') + "{code}") == "");
    BOOST_TEST(fault_of(std::string(longest - 5, 'x') + "{code}") ==
               "may become 159 characters long, 158 are allowed");
    BOOST_TEST(fault_of(std::string(longest - 7, 'x') + "{code}{minutes}") == "");
    BOOST_TEST(fault_of(std::string(longest - 6, 'x') + "{code}{minutes}") != "");
    auto const suffix = *autofill_suffix::web_otp_for("example.com"); // "\n@example.com #048213"
    BOOST_TEST(fault_of(std::string(longest - 6 - 21, 'x') + "{code}", {suffix, {}}) == "");
    BOOST_TEST(fault_of(std::string(longest - 6 - 20, 'x') + "{code}", {{}, suffix}) != "");
}

// Two characters of the alphabet's extension table are as long as four others.
BOOST_AUTO_TEST_CASE(are_counted_in_septets_of_the_gsm_alphabet) {
    auto const with = [](std::string const& marks, std::size_t characters) {
        return marks + std::string(characters - marks.size() - 6, 'x') + "{code}";
    };
    BOOST_TEST(fault_of(with("[]", 158)) == "");
    BOOST_TEST(fault_of(with("[]^", 158)) ==
               "may take 161 septets of the GSM alphabet, 160 are allowed");
    BOOST_TEST(fault_of(with("[]^", 157)) == "");
    BOOST_TEST(fault_of(std::string(80, '~') + "{code}") != "");
    auto const suffix = *autofill_suffix::web_otp_for("example.com"); // "\n@example.com #048213"
    BOOST_TEST(fault_of(with("[]^", 157 - 21), {suffix}) == "");
    BOOST_TEST(fault_of(with("[]^", 158 - 21), {suffix}) ==
               "may take 161 septets of the GSM alphabet, 160 are allowed");
    BOOST_TEST(fault_of("`{code}`") == "has a character that is not in the GSM alphabet: `");
}

BOOST_AUTO_TEST_CASE(are_as_short_as_sms_retriever_reads_them_with_an_apps_hash) {
    auto const app = *autofill_suffix::app_hash_of("FA+9qCX9VSu"); // and a line break
    auto const of = [](std::size_t characters) {
        return std::string(characters - 12 - 6, 'x') + "{code}";
    };
    BOOST_TEST(fault_of(of(140), {app}) == "");
    BOOST_TEST(fault_of(of(141), {app}) ==
               "may become 141 characters long, 140 are allowed with app_hash");
    for (std::size_t const size : {140, 141}) {
        BOOST_TEST(messages::fits(of(size), 6, {300s}, app) == (size == 140));
        BOOST_TEST(messages::fits(of(size), 6, {300s}, {}));
    }
}

BOOST_AUTO_TEST_CASE(have_a_placeholder_for_each_variable) {
    auto const fault_with = [](char const* text) {
        return messages::fault_of(text, 6, {300s, {{"amount", "0"}, {"payee", "0"}}}, {})
            .value_or("");
    };
    BOOST_TEST(fault_with("{payee} {amount} {amount} {code} {minutes}") == "");
    BOOST_TEST(fault_with("{amount} {code}") == "does not have {payee}");
    BOOST_TEST(fault_with("{payee} {amount} {code} {iban}") ==
               "has a placeholder other than {code}, {amount}, {payee} and {minutes}");
}

BOOST_AUTO_TEST_CASE(are_refused_with_the_reason) {
    BOOST_TEST(fault_of("no code") == "does not have {code} exactly once");
    BOOST_TEST(fault_of("{code} {code}") == "does not have {code} exactly once");
    BOOST_TEST(fault_of("caf\xc3\xa9 {code}") == "has a character that is not printable ASCII");
    BOOST_TEST(fault_of("two\nlines {code}") == "has a character that is not printable ASCII");
    for (auto const* text :
         {"{code} {name}", "{code} {", "{code} }", "{{code}}", "{min{code}utes}"})
        BOOST_TEST(fault_of(text) == "has a placeholder other than {code} and {minutes}");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(autofill_suffixes)

BOOST_AUTO_TEST_CASE(name_a_host_in_lower_case) {
    for (auto const* host :
         {"example.com", "a.b", "xn--nxasmq6b.example", "1.example", "a-b.example.co"})
        BOOST_TEST(autofill_suffix::web_otp_for(host).has_value());
    for (auto const* host : {"", "localhost", "Example.com", "example..com", ".com", "example.com.",
                             "-a.com", "a-.com", "exa mple.com", "a.com/x", "a.com #1", "a.com\n"})
        BOOST_TEST(!autofill_suffix::web_otp_for(host).has_value());
    auto const of_length = [](std::size_t size) { return std::string(size - 2, 'a') + ".b"; };
    BOOST_TEST(autofill_suffix::web_otp_for("a." + of_length(62)).has_value());
    BOOST_TEST(!autofill_suffix::web_otp_for("a." + of_length(63)).has_value());
}

BOOST_AUTO_TEST_CASE(hold_an_apps_hash_of_eleven_characters) {
    BOOST_TEST(autofill_suffix::app_hash_of("FA+9qCX9VSu").has_value());
    for (auto const* hash : {"", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA+9qCX9VS=", "FA+9qCX9 Su"})
        BOOST_TEST(!autofill_suffix::app_hash_of(hash).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
