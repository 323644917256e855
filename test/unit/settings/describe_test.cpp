// Settings as the log shows them, and what a reload reports about a changed file.

#include "tables.hpp"

using namespace settings_test;
using otpd::app::changed_keys;
using otpd::app::describe;

namespace {

std::string value_of(settings const& all, std::string_view key) {
    auto const lines = describe(all);
    auto const found = std::ranges::find(lines, key, &otpd::app::setting_line::key);
    BOOST_TEST_REQUIRE((found != lines.end()));
    return found->value;
}

std::vector<std::string> changes(std::string const& before, std::string const& after) {
    return changed_keys(good(with_config(before)), good(with_config(after)));
}

using keys = std::vector<std::string>;

std::string const limit = "[[limit]]\nname = \"a\"\nkey = \"client\"\nquota = 5\n"
                          "window_seconds = 60\n";
std::string const number = "[[test_number]]\nnumber = \"31612345678\"\nuntil = 2027-01-31\n";

} // namespace

BOOST_AUTO_TEST_SUITE(setting_descriptions)

BOOST_AUTO_TEST_CASE(every_key_and_every_entry_has_a_line) {
    auto const all =
        good(with_config(client_named("shop") + limit + number + "code = \"123456\"\n" +
                         "[[template]]\nlocale = \"nl\"\ntext = \"Uw code: {code}\"\n"));
    BOOST_TEST(describe(all).size() == setting_keys().size() + 4U);
    BOOST_TEST(value_of(all, "otp.length") == "6");
    BOOST_TEST(value_of(all, "client.shop") == "token_sha256 = 1 set");
    BOOST_TEST(value_of(all, "limit.a") == "key = client; quota = 5; window_seconds = 60");
    BOOST_TEST(value_of(all, "template.any.nl") == "locale = nl; text = Uw code: {code}");
    BOOST_TEST(value_of(all, "test_number.*******5678") ==
               "number = *******5678; code = set; until = 2027-01-31");
}

BOOST_AUTO_TEST_CASE(a_client_is_described_with_all_that_it_may) {
    auto const all = good(with_config(
        "[[client]]\nname = \"shop\"\ntoken_sha256 = [\"" + std::string(64, '1') + "\", \"" +
        std::string(64, '2') + "\"]\npurposes = [\"a\", \"b\"]\nroutes = [3, 5]\n" +
        "countries = [\"NL\"]\ncaller_id = \"SHOP\"\ndefault_route_id = 5\n"
        "max_price = 0.12\nweb_otp_hosts = [\"shop.example\"]\n"));
    BOOST_TEST(value_of(all, "client.shop") ==
               "token_sha256 = 2 set; purposes = a,b; routes = 3,5; countries = NL; caller_id = "
               "SHOP; default_route_id = 5; max_price = 0.12; web_otp_hosts = shop.example");
}

BOOST_AUTO_TEST_CASE(no_line_holds_a_token_a_code_or_a_whole_number) {
    auto const all = good(with_config(client_named("shop", 'a') + number + "code = \"271828\"\n"));
    for (auto const& line : describe(all))
        BOOST_TEST_CONTEXT(line.key) {
            for (auto const& text : {line.key, line.value}) {
                BOOST_TEST(!contains(text, "aaaa"));
                BOOST_TEST(!contains(text, "271828"));
                BOOST_TEST(!contains(text, "31612345678"));
            }
        }
}

BOOST_AUTO_TEST_CASE(plans_and_budgets_are_described_with_all_that_they_have) {
    auto const all = good(with_config(
        plan_named("a", "{route = 8, caller_id = \"APP\", countries = [\"NL\"], max_price = 0.1, "
                        "timeout_ms = 5000}, {best = \"fastest\", routes = [3, 1], "
                        "min_verified_share = 0.4}, {route = 3}") +
        "purposes = [\"login\"]\n" +
        "[[budget]]\nname = \"b\"\nkey = \"route\"\nonly = \"8\"\nperiod = \"month\"\n"
        "cap = \"100.50\"\nmode = \"observe\"\n"
        "[[budget]]\nname = \"c\"\nkey = \"total\"\nperiod = \"day\"\ncap = 7\n"));
    BOOST_TEST(value_of(all, "route_plan.a") ==
               "purposes = login; steps = {route = 8, caller_id = APP, countries = NL, max_price = "
               "0.1, timeout_ms = 5000}, {best = fastest, routes = 3,1, min_verified_share = 0.4}, "
               "{route = 3}");
    BOOST_TEST(value_of(all, "budget.b") ==
               "key = route; period = month; cap = 100.5; only = 8; mode = observe");
    BOOST_TEST(value_of(all, "budget.c") == "key = total; period = day; cap = 7");
}

BOOST_AUTO_TEST_CASE(a_webhook_is_described_without_its_secrets_and_its_path) {
    auto const webhook = [](char first, char const* path) {
        return "[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example:8443" + std::string(path) +
               "\"\nsecrets = [\"whsec_" + letters_from(first) + "\"]\n";
    };
    auto const all = good(with_config(webhook('S', "/s3cr3t?token=s3cr3t")));
    BOOST_TEST(value_of(all, "webhook.crm") == "url = https://crm.example:8443; secrets = 1 set");
    BOOST_TEST((changes(webhook('A', "/x"), webhook('B', "/x")) == keys{"webhook.crm"}));
    BOOST_TEST((changes(webhook('A', "/x"), webhook('A', "/y")) == keys{"webhook.crm"}));
    BOOST_TEST(changes(webhook('A', "/x"), webhook('A', "/x")).empty());
}

BOOST_AUTO_TEST_CASE(a_hook_is_described_without_its_secrets) {
    auto const hook = [](char first) {
        return "[[hook]]\nclient = \"default\"\nprovider = \"zitadel\"\nsecret = \"" +
               letters_from(first) + "\"\n";
    };
    auto const all = good(with_config(hook('S')));
    BOOST_TEST(value_of(all, "hook.default.zitadel") ==
               "client = default; provider = zitadel; secret = set");
    BOOST_TEST((changes(hook('A'), hook('B')) == keys{"hook.default.zitadel"}));
    BOOST_TEST(changes(hook('A'), hook('A')).empty());
}

BOOST_AUTO_TEST_CASE(what_has_changed_is_named_once) {
    BOOST_TEST(changes("", "").empty());
    BOOST_TEST((changes("[otp]\nlength = 7", "[otp]\nlength = 8\n[log]\nlevel = \"warn\"") ==
                keys{"otp.length", "log.level"}));
    BOOST_TEST((changes(limit, limit + "mode = \"observe\"\n") == keys{"limit.a"}));
    BOOST_TEST((changes(limit + "client = \"default\"\n", limit) == keys{"limit.a"}));
    BOOST_TEST((changes(plan_named("a"), plan_named("a", "{route = 5}")) == keys{"route_plan.a"}));
    BOOST_TEST((changes("", "[[budget]]\nname = \"b\"\nkey = \"total\"\nperiod = \"day\"\n"
                            "cap = 1\n[money]\nassumed_price = 0.2\n") ==
                keys{"money.assumed_price", "budget.b"}));
}

BOOST_AUTO_TEST_CASE(what_came_and_went_has_changed) {
    auto const a = client_named("a", '1');
    auto const b = client_named("b", '2');
    auto const c = client_named("c", '3');
    BOOST_TEST((changes("", a) == keys{"client.a"}));
    BOOST_TEST((changes(a, "") == keys{"client.a"}));
    BOOST_TEST((changes(a + b, b + c) == keys{"client.a", "client.c"}));
    BOOST_TEST(changes(a + b, b + a).empty());
    BOOST_TEST((changes("", "[[template]]\npurpose = \"a\"\ntext = \"{code}\"\n") ==
                keys{"template.a.any"}));
}

BOOST_AUTO_TEST_CASE(a_changed_secret_of_an_entry_has_changed) {
    BOOST_TEST((changes(client_named("a", '1'), client_named("a", '2')) == keys{"client.a"}));
    BOOST_TEST((changes(number + "code = \"123456\"\n", number + "code = \"654321\"\n") ==
                keys{"test_number.*******5678"}));
}

BOOST_AUTO_TEST_CASE(every_changed_secret_is_named) {
    for (auto const& setting_key : setting_keys())
        if (setting_key.is_secret) BOOST_TEST_CONTEXT(setting_key.path()) {
                auto const with = [&](std::string const& name, std::string const& value) {
                    return good(sources({{name, value}}));
                };
                std::vector<std::string> names{setting_key.environment_name()};
                if (!setting_key.alias.empty()) names.push_back(setting_key.alias);
                for (auto const& name : names) {
                    auto const before = with(name, letters_from('A'));
                    keys const expected{setting_key.path()};
                    BOOST_TEST((changed_keys(before, with(name, letters_from('B'))) == expected));
                    BOOST_TEST(changed_keys(before, with(name, letters_from('A'))).empty());
                }
            }
}

BOOST_AUTO_TEST_CASE(a_changed_secret_of_a_dotenv_file_and_of_the_file_is_named) {
    auto const dotenv = [](char first) {
        return good(with_dotenv("API_AUTH_TOKEN=" + letters_from(first)));
    };
    BOOST_TEST((changed_keys(dotenv('A'), dotenv('B')) == keys{"auth.token"}));
    auto const file = [](char first) {
        return "[store]\npassword = \"" + letters_from(first) + "\"\n";
    };
    BOOST_TEST((changes(file('A'), file('B')) == keys{"store.password"}));
    BOOST_TEST((changes("", file('B')) == keys{"store.password"}));
}

BOOST_AUTO_TEST_CASE(changed_replaced_secrets_are_named_also_in_their_number_and_order) {
    auto const with = [](std::string const& list) {
        return good(sources({{"OTPD_OTP_PREVIOUS_HMAC_SECRETS", list}}));
    };
    keys const expected{"otp.previous_hmac_secrets"};
    auto const a = letters_from('A');
    auto const b = letters_from('B');
    BOOST_TEST((changed_keys(with(a), with(a + ',' + b)) == expected));
    BOOST_TEST((changed_keys(with(a + ',' + b), with(b + ',' + a)) == expected));
    BOOST_TEST(changed_keys(with(a + ',' + b), with(a + ", " + b)).empty());
}

BOOST_AUTO_TEST_CASE(changed_credentials_in_the_stores_url_are_named) {
    auto const at = [](std::string const& credentials) {
        return good(sources({{"OTPD_STORE_URL", "redis://" + credentials + "127.0.0.1:6379/0"},
                             {"OTP_HMAC_SECRET", good_secret}}));
    };
    keys const expected{"store.url"};
    BOOST_TEST((changed_keys(at("otpd:a@"), at("otpd:b@")) == expected));
    BOOST_TEST((changed_keys(at("otpd:a@"), at("other:a@")) == expected));
    BOOST_TEST((changed_keys(at("otpd:a@"), at("")) == expected));
    BOOST_TEST(changed_keys(at("otpd:a@"), at("otpd:a@")).empty());
}

BOOST_AUTO_TEST_SUITE_END()
