// Plans, budgets and webhooks that are valid individually, but not together or not with the other
// settings.

#include "tables.hpp"

using namespace settings_test;
using namespace std::string_literals;

namespace {

std::string budget_named(std::string const& name, std::string const& key = "total",
                         std::string const& only = "") {
    return "[[budget]]\nname = \"" + name + "\"\nkey = \"" + key +
           "\"\nperiod = \"day\"\ncap = 5\n" + (only.empty() ? "" : "only = \"" + only + "\"\n");
}

std::string webhook_named(std::string const& name, std::string const& more = "",
                          std::string const& url = "https://a.example/x") {
    return "[[webhook]]\nname = \"" + name + "\"\nurl = \"" + url + "\"\nsecrets = [\"whsec_" +
           letters_from('A') + "\"]\n" + more;
}

} // namespace

BOOST_AUTO_TEST_SUITE(setting_plan_checks)

// --- plans --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(plans_have_names_of_their_own) {
    good(with_config(plan_named("a") + plan_named("b")));
    BOOST_TEST(fault(with_config(plan_named("a") + plan_named("a"))) ==
               "[[route_plan]] \"a\" is there twice: give each a name of its own");
}

BOOST_AUTO_TEST_CASE(a_purpose_has_one_plan) {
    auto const from = [](char const* second) {
        return with_config(plan_named("a") + "purposes = [\"login\", \"pay\"]\n" + plan_named("b") +
                           "purposes = [\"" + second + "\"]\n");
    };
    good(from("other"));
    BOOST_TEST(
        fault(from("Login")) ==
        "[[route_plan]] \"b\" has purpose \"login\" of [[route_plan]] \"a\": leave it out of "
        "one of them");
}

BOOST_AUTO_TEST_CASE(a_plan_that_hedges_has_another_route_reports_and_a_budget) {
    auto const two = plan_named("a", "{route = 3}, {route = 5}") + "hedge = true\n";
    std::string const uncovered = "[[route_plan]] \"a\" has hedge and no budget covers it";
    good(with_config(two + budget_named("b")));
    good(with_config(two + budget_named("b", "client")));
    good(with_config(plan_named("a", "{route = 3}, {route = 5}") + "hedge = false\n"));
    BOOST_TEST(contains(fault(with_config(two)), uncovered));
    BOOST_TEST(contains(fault(with_config(two + budget_named("b", "route", "3"))), uncovered));
    BOOST_TEST(
        contains(fault(with_config(two + budget_named("b") + "mode = \"observe\"\n")), uncovered));
    BOOST_TEST(
        contains(fault(with_config(two + budget_named("b"), {{"OTPD_DELIVERY_ENABLED", "false"}})),
                 "[[route_plan]] \"a\" has hedge, which needs delivery.enabled"));
    BOOST_TEST(contains(fault(with_config(plan_named("a") + "hedge = true\n" + budget_named("b"))),
                        "[[route_plan]] \"a\" has hedge and one route"));
    auto const within = [](int seconds) {
        return plan_named("a", "{route = 3, deliver_within_seconds = " + std::to_string(seconds) +
                                   "}, {route = 5}") +
               "hedge = true\n" + budget_named("b");
    };
    good(with_config(within(7))); // 2 s, and two polls of 2.5 s
    BOOST_TEST(contains(fault(with_config(within(6))), "before delivery.interval_ms"));
    BOOST_TEST(good(with_config(two + budget_named("b"))).otp.plans.at(0).hedge);
    BOOST_TEST(!good(with_config(plan_named("a"))).otp.plans.at(0).hedge);
}

BOOST_AUTO_TEST_CASE(the_routes_of_a_plan_are_allowed_ones) {
    for (auto const* step : {"{route = 6}", "{route = 3}, {best = \"fastest\", routes = [5, 6]}",
                             "{route = 6}, {route = 6}"})
        BOOST_TEST_CONTEXT(step) {
            BOOST_TEST(fault(with_config(plan_named("a", step))) ==
                       "[[route_plan]] \"a\" has route 6, which is not in otp.allowed_routes: add "
                       "it there or leave it out");
            good(with_config(plan_named("a", step), {{"OTPD_OTP_ALLOWED_ROUTES", "3,5,6"}}));
        }
}

BOOST_AUTO_TEST_CASE(countries_of_plans_and_budgets_are_known_by_the_numbering_plan_only) {
    std::map<std::string, std::string> const cases{
        {plan_named("a", "{route = 3, countries = [\"NL\"]}, {route = 5, countries = [\"BE\"]}"),
         "countries of [[route_plan]] \"a\""},
        {budget_named("b", "country"), "key = \"country\" of [[budget]] \"b\""},
        {budget_named("b", "country", "NL"), "key = \"country\" of [[budget]] \"b\""}};
    for (auto const& [text, what] : cases)
        BOOST_TEST_CONTEXT(text) {
            good(with_config(text));
            BOOST_TEST(fault(with_config("[numbers]\ncheck = false\n" + text)) ==
                       what + " needs numbers.check = true: without it no country is known");
        }
    good(with_config("[numbers]\ncheck = false\n" + plan_named("a") + budget_named("b")));
}

BOOST_AUTO_TEST_CASE(a_clients_plan_is_one_that_there_is) {
    auto const client = client_named("shop") + "default_route_plan = \"login\"\n";
    good(with_config(client + plan_named("login")));
    BOOST_TEST(fault(with_config(client + plan_named("pay"))) ==
               "[[client]] \"shop\" has default_route_plan \"login\", which no [[route_plan]] is");
}

BOOST_AUTO_TEST_CASE(a_clients_plan_has_routes_of_its_own_only) {
    auto const from = [](char const* routes) {
        return with_config(client_named("shop") + "default_route_plan = \"login\"\nroutes = " +
                           routes + '\n' + plan_named("login", "{route = 8}, {route = 1}"));
    };
    // It needs no default_route_id then: all its sends have a plan.
    good(from("[1, 8]"));
    good(from("[]"));
    BOOST_TEST(fault(from("[3, 8]")) ==
               "[[client]] \"shop\" may not use route 1 of [[route_plan]] \"login\", which is its "
               "default_route_plan: add it to its routes or choose another");
}

BOOST_AUTO_TEST_CASE(a_client_has_a_usual_route_or_a_usual_plan) {
    BOOST_TEST(fault(with_config(client_named("shop") +
                                 "default_route_plan = \"login\"\n"
                                 "default_route_id = 3\n" +
                                 plan_named("login"))) ==
               "[[client]] \"shop\" has default_route_id and default_route_plan: leave one of them "
               "out");
}

// --- budgets ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(budgets_have_names_that_no_limit_and_no_other_has) {
    good(with_config(budget_named("a") + budget_named("b")));
    std::vector<std::string> taken{"cooldown",  "guesses", "pumping_prefix", "pumping_x", "ledger",
                                   "daily_cap", "mine"};
    for (auto const& built_in_limit : otpd::app::built_in_limits())
        taken.emplace_back(built_in_limit.name);
    auto const limit =
        "[[limit]]\nname = \"mine\"\nkey = \"number\"\nquota = 1\nwindow_seconds = 60\n";
    for (auto const& name : taken)
        BOOST_TEST(fault(with_config(limit + budget_named(name))) ==
                   "[[budget]] \"" + name +
                       "\": there is a limit or budget of that name already, choose another");
    BOOST_TEST(
        contains(fault(with_config(budget_named("a") + budget_named("a"))), "choose another"));
}

BOOST_AUTO_TEST_CASE(a_budget_is_for_a_client_and_a_route_that_there_are) {
    auto const shop = budget_named("b", "client", "shop");
    good(with_config(shop + client_named("shop")));
    BOOST_TEST(fault(with_config(shop + client_named("crm"))) ==
               "[[budget]] \"b\" is for client \"shop\", which no [[client]] is");
    good(with_config(budget_named("b", "client", "default")));
    good(with_config(budget_named("b", "route", "8")));
    BOOST_TEST(fault(with_config(budget_named("b", "route", "6"))) ==
               "[[budget]] \"b\" is for route 6, which is not in otp.allowed_routes: add it there "
               "or choose another");
}

// --- webhooks -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(webhooks_have_names_of_their_own) {
    good(with_config(webhook_named("a") + webhook_named("b")));
    BOOST_TEST(fault(with_config(webhook_named("a") + webhook_named("a"))) ==
               "[[webhook]] \"a\" is there twice: give each a name of its own");
}

BOOST_AUTO_TEST_CASE(a_webhook_in_clear_text_is_on_loopback_and_allowed_to_be) {
    for (auto const* url : {"http://127.0.0.1:9000/x?y=1", "http://[::1]/x", "http://localhost"})
        BOOST_TEST_CONTEXT(url) {
            good(with_config(webhook_named("a", "allow_private = true\n", url)));
            BOOST_TEST(fault(with_config(webhook_named("a", "", url))) ==
                       "[[webhook]] \"a\" has an http URL, which is for loopback addresses: use "
                       "https, or set allow_private = true");
        }
    BOOST_TEST(contains(
        fault(with_config(webhook_named("a", "allow_private = true\n", "http://10.0.0.1/x"))),
        "[[webhook]] url: must be an https URL"));
}

BOOST_AUTO_TEST_CASE(a_webhook_of_a_client_is_of_one_that_there_is) {
    auto const of = [](std::string const& client) {
        return webhook_named("a", "client = \"" + client + "\"\n");
    };
    good(with_config(of("shop") + client_named("shop")));
    good(with_config(of("default")));
    BOOST_TEST(fault(with_config(of("shop") + client_named("crm"))) ==
               "[[webhook]] \"a\" is for client \"shop\", which no [[client]] is");
}

// --- routes and files ---------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(one_route_leaves_connections_to_the_others) {
    auto const with = [](char const* most) {
        return sources(
            {{"OTPD_ROUTES_CONCURRENCY_MAX", most}, {"OTPD_BRIDGEXAPI_CONNECTIONS_MAX", "16"}});
    };
    good(with("0"));
    good(with("15"));
    for (auto const* most : {"16", "17"})
        BOOST_TEST(fault(with(most)) ==
                   "routes.concurrency_max = " + std::string(most) +
                       " lets one route take all of bridgexapi.connections_max = 16: make it less");
}

BOOST_AUTO_TEST_CASE(the_timeline_is_not_written_over_the_store) {
    auto const with = [](char const* file) {
        return sources({{"OTPD_STORE_URL", "sqlite:/var/lib/otpd/otpd.db"},
                        {"OTP_HMAC_SECRET", good_secret},
                        {"OTPD_TIMELINE_FILE", file}});
    };
    good(with("/var/lib/otpd/timeline"));
    BOOST_TEST(fault(with("/var/lib/otpd/otpd.db")) ==
               "timeline.file is the file of store.url: choose another");
}

BOOST_AUTO_TEST_CASE(the_collector_s_token_goes_through_no_network_in_clear_text) {
    auto const with = [](char const* url) {
        return sources({{"OTPD_TRACING_URL", url}, {"OTPD_TRACING_TOKEN", "the-token"}});
    };
    for (auto const* url : {"", "http://127.0.0.1:4318", "https://collector.example"})
        good(with(url));
    BOOST_TEST(fault(with("http://collector.example:4318")) ==
               "tracing.token would go through the network in clear text: use an https URL in "
               "tracing.url, or leave the token empty");
    auto const without = good(sources({{"OTPD_TRACING_URL", "http://collector.example:4318"}}));
    BOOST_TEST(otpd::app::settings_notes(without, {}).size() == 1U);
}

// --- hooks --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_client_has_one_hook_of_each_provider_with_a_secret_that_can_sign) {
    auto const hook = [](char const* provider, std::string const& secret,
                         char const* client = "default") {
        return "[[hook]]\nclient = \"" + std::string(client) + "\"\nprovider = \"" + provider +
               "\"\nsecret = \"" + secret + "\"\n";
    };
    std::string const token = letters_from('A');
    good(with_config(hook("logto", token) + hook("kratos", token)));
    BOOST_TEST(fault(with_config(hook("logto", token) + hook("logto", token))) ==
               "[[hook]] logto of client \"default\" is there twice: leave one of them out");
    BOOST_TEST(fault(with_config(hook("logto", token, "shop"))) ==
               "[[hook]] logto of client \"shop\" is for client \"shop\", which no [[client]] is");
    for (auto const& [provider, secret] :
         {std::pair{"supabase", token}, std::pair{"logto", "short"s}, std::pair{"zitadel", ""s},
          std::pair{"generic", "whsec_x"s}})
        BOOST_TEST(fault(with_config(hook(provider, secret)))
                       .starts_with("[[hook]] " + std::string(provider) +
                                    " of client \"default\": secret: must be "));
}

BOOST_AUTO_TEST_SUITE_END()
