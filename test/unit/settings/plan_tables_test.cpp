// [[route_plan]] with its steps, [[budget]] and [[webhook]]: what they accept, and the resulting
// values.

#include "tables.hpp"

#include <chrono>

using namespace settings_test;
using namespace std::chrono_literals;
using otpd::otp::best_rule;
using otpd::otp::budget_key;
using otpd::otp::budget_period;

namespace {

std::string budget(std::string const& key, std::string const& more = "") {
    return "[[budget]]\nname = \"b\"\nkey = \"" + key + "\"\nperiod = \"day\"\ncap = 5\n" + more;
}

std::string only(std::string const& key, std::string const& what) {
    return budget(key, "only = \"" + what + "\"\n");
}

std::string step_fault(std::string const& step) {
    return fault(with_config(plan_named("login", step)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(setting_plan_tables)

// --- plans --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_plan_may_be_written_in_one_line) {
    auto const all = good(with_config(
        "[[route_plan]]\nname=\"login\"\nsteps=[{route=8, caller_id=\"YOURAPP\"}, {route=1}, "
        "{route=3}]\n"));
    BOOST_TEST_REQUIRE(all.otp.plans.size() == 1U);
    auto const& plan = all.otp.plans[0];
    BOOST_TEST(plan.name == "login");
    BOOST_TEST(plan.purposes.empty());
    BOOST_TEST_REQUIRE(plan.steps.size() == 3U);
    BOOST_TEST(plan.steps[0].route_id == 8);
    BOOST_TEST(plan.steps[0].caller_id == "YOURAPP");
    BOOST_TEST(plan.steps[1].route_id == 1);
    BOOST_TEST(plan.steps[2].route_id == 3);
    for (auto const& step : plan.steps) {
        BOOST_TEST(!step.best.has_value());
        BOOST_TEST(step.countries.empty());
        BOOST_TEST(!step.max_price.has_value());
        BOOST_TEST((step.timeout == 0ms));
        BOOST_TEST((step.deliver_within == 0s)); // as long as is usual
    }
}

BOOST_AUTO_TEST_CASE(steps_may_be_tables_of_their_own) {
    auto const all = good(with_config("[[route_plan]]\nname = \"a\"\n[[route_plan.steps]]\n"
                                      "route = 8\n[[route_plan.steps]]\nroute = 1\n"));
    BOOST_TEST(all.otp.plans.at(0).steps.size() == 2U);
}

BOOST_AUTO_TEST_CASE(all_that_a_step_may_have) {
    auto const all = good(with_config(
        plan_named("a", "{best = \"fastest\", routes = [5, 3, 8], min_verified_share = 0.25, "
                        "min_samples = 7, window_seconds = 3600, caller_id = \"APP\", "
                        "countries = [\"NL\", \"BE\"], max_price = \"0.09\", timeout_ms = 4000, "
                        "deliver_within_seconds = 30}, "
                        "{best = \"cheapest\", routes = [3, 1]}") +
        "purposes = [\"Pay Now\", \"login\"]\n"));
    auto const& plan = all.otp.plans.at(0);
    BOOST_TEST((plan.purposes == std::vector<std::string>{"login", "pay now"}));
    auto const& step = plan.steps.at(0);
    BOOST_TEST(step.route_id == 0);
    BOOST_TEST_REQUIRE(step.best.has_value());
    BOOST_TEST((step.best->order == best_rule::by::fastest));
    // In the written order: the first one is the default.
    BOOST_TEST((step.best->routes == std::vector{5, 3, 8}));
    BOOST_TEST(step.best->min_verified_share == 0.25);
    BOOST_TEST(step.best->min_samples == 7U);
    BOOST_TEST((step.best->window == 1h));
    BOOST_TEST(step.caller_id == "APP");
    BOOST_TEST((step.countries == std::vector<std::string>{"BE", "NL"}));
    BOOST_TEST(step.max_price.value().micros() == 90'000);
    BOOST_TEST((step.timeout == 4s));
    BOOST_TEST((step.deliver_within == 30s));
    auto const& cheapest = plan.steps.at(1).best.value();
    BOOST_TEST((cheapest.order == best_rule::by::cheapest));
    BOOST_TEST(cheapest.min_verified_share == 0.0);
    BOOST_TEST(cheapest.min_samples == 20U);
    BOOST_TEST((cheapest.window == 24h));
}

BOOST_AUTO_TEST_CASE(what_the_keys_of_a_step_refuse) {
    std::map<std::string, std::vector<std::string>> const best_keys{
        {"routes", {"[]", "[3]", "[3, 3]", "[0, 3]", "[3, 9]", "3", "[\"3\", \"5\"]"}},
        {"min_verified_share", {"-0.1", "1.1", "\"0.4\"", "nan"}},
        {"min_samples", {"0", "1000001", "1.5"}},
        {"window_seconds", {"3599", "86401", "\"3600\""}}};
    std::map<std::string, std::vector<std::string>> const others{
        {"caller_id", {"\"ab\"", "1"}},
        {"countries", {"[\"nl\"]", "[\"NL\", \"NL\"]", "\"NL\""}},
        {"max_price", {"0", "\"-1\"", "[]"}},
        {"timeout_ms", {"99", "120001", "1.5"}},
        {"deliver_within_seconds", {"4", "601", "1.5", "\"30\""}}};
    auto const check = [](std::string const& rest, std::string const& key,
                          std::vector<std::string> const& bad) {
        for (auto const& value : bad)
            BOOST_TEST_CONTEXT(key << " = " << value) {
                auto const step = "{" + rest + ", " + key + " = " + value + "}";
                auto const line = step_fault("{route = 3}, " + step);
                BOOST_TEST(line.starts_with(
                    "config.toml:3: [[route_plan]] \"login\" step 2: " + key + " = \""));
                BOOST_TEST(contains(line, "\": must be "));
            }
    };
    for (auto const& [key, bad] : best_keys)
        check(key == "routes" ? "best = \"fastest\"" : "best = \"fastest\", routes = [3, 5]", key,
              bad);
    for (auto const& [key, bad] : others)
        check("route = 3", key, bad);
    for (auto const* route : {"0", "9", "\"3\"", "3.0"})
        BOOST_TEST(
            contains(step_fault("{route = " + std::string(route) + "}"), "step 1: route = \""));
    for (auto const* order : {"\"best\"", "\"\"", "1"})
        BOOST_TEST(contains(step_fault("{routes = [3, 5], best = " + std::string(order) + "}"),
                            "must be cheapest or fastest"));
}

BOOST_AUTO_TEST_CASE(a_step_is_one_route_or_the_best_of_several) {
    auto const step = std::string("config.toml:3: [[route_plan]] \"login\" step 1: ");
    BOOST_TEST(step_fault("{caller_id = \"APP\"}") == step + "needs a route, or best and routes");
    BOOST_TEST(step_fault("{}") == step + "needs a route, or best and routes");
    BOOST_TEST(step_fault("{route = 3, best = \"fastest\", routes = [3, 5]}") ==
               step + "has route and best: leave one of them out");
    BOOST_TEST(step_fault("{best = \"fastest\"}") ==
               step + "has best and no routes: name those it chooses from");
    BOOST_TEST(step_fault("{route = 3, min_samples = 5}") ==
               step + "has min_samples, which goes with best only");
    BOOST_TEST(step_fault("{route = 3, routes = [3, 5]}") ==
               step + "has routes, which goes with best only");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_of_a_step_is_named_with_its_place) {
    BOOST_TEST(
        fault(with_config("[[route_plan]]\nname = \"login\"\nsteps = [\n  {route = 8},\n"
                          "  {route = 1, callerid = \"APP\"},\n]\n")) ==
        "config.toml:5: unknown key \"callerid\" in [[route_plan]] \"login\" step 2 (did you "
        "mean caller_id?)");
    BOOST_TEST(contains(fault(with_config("[[route_plan]]\nname = \"a\"\nsteps = [{route = 8}]\n"
                                          "route = 3\n")),
                        "config.toml:4: unknown key \"route\" in [[route_plan]]"));
}

BOOST_AUTO_TEST_CASE(every_fault_of_every_step_is_reported_at_once) {
    BOOST_TEST(faults(with_config("[[route_plan]]\nname = \"A\"\nsteps = [{route = 9}, {}, "
                                  "{route = 1, timeout_ms = 1, max_price = 0}]\n"))
                   .size() == 1U + 1U + 1U + 2U);
    auto const unnamed = faults(with_config("[[route_plan]]\nsteps = [{route = 9}]\n"));
    BOOST_TEST_REQUIRE(unnamed.size() == 2U);
    BOOST_TEST(contains(unnamed[1], "[[route_plan]] step 1: route = \"9\""));
}

// --- budgets ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(all_that_a_budget_may_have) {
    auto const all = good(with_config(
        budget("total") + "[[budget]]\nname = \"c\"\nkey = \"purpose\"\nperiod = \"month\"\n"
                          "cap = \"12.345678\"\nonly = \" Pay Now \"\nmode = \"observe\"\n"));
    BOOST_TEST_REQUIRE(all.otp.budgets.size() == 2U);
    auto const& total = all.otp.budgets[0];
    BOOST_TEST(total.name == "b");
    BOOST_TEST((total.key == budget_key::total));
    BOOST_TEST((total.period == budget_period::day));
    BOOST_TEST(total.cap.micros() == 5'000'000);
    BOOST_TEST(total.only.empty());
    BOOST_TEST((total.mode == otpd::otp::limit_mode::enforce));
    auto const& one = all.otp.budgets[1];
    BOOST_TEST((one.key == budget_key::purpose));
    BOOST_TEST((one.period == budget_period::month));
    BOOST_TEST(one.cap.micros() == 12'345'678);
    BOOST_TEST(one.only == "pay now");
    BOOST_TEST((one.mode == otpd::otp::limit_mode::observe));
}

BOOST_AUTO_TEST_CASE(whom_a_budget_is_for_is_one_of_its_key) {
    BOOST_TEST(good(with_config(only("route", "8"))).otp.budgets.at(0).only == "8");
    BOOST_TEST(good(with_config(only("country", "NL"))).otp.budgets.at(0).only == "NL");
    for (auto const& [key, what] :
         std::vector<std::pair<std::string, std::string>>{{"total", "shop"},
                                                          {"client", "Shop"},
                                                          {"purpose", "caf\u00e9"},
                                                          {"route", "9"},
                                                          {"route", "eight"},
                                                          {"country", "nl"},
                                                          {"country", "31"}})
        BOOST_TEST_CONTEXT(key << ' ' << what) {
            BOOST_TEST(contains(fault(with_config(only(key, what))),
                                ": must be a client, a purpose, a route id in quotes or a "
                                "country, as key says; not with total"));
        }
    // The valid form of `only` is then unknown.
    BOOST_TEST(contains(fault(with_config(only("everybody", "shop"))), "[[budget]] key"));
}

// --- webhooks -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(all_that_a_webhook_may_have) {
    // base64 of the bytes 0 to 23, and of the 8 bytes 248 to 255 three times and one byte 254.
    auto const all = good(with_config(
        client_named("shop") +
        "[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example/x?y=z\"\n"
        "secrets = [\"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\", "
        "\"whsec_+Pn6+/z9/v/4+fr7/P3+//j5+vv8/f7//g==\"]\n"
        "events = [\"verification.failed\", \"verification.accepted\"]\nclient = \"shop\"\n"
        "allow_private = true\nca_file = \"/x.pem\"\n"
        "[[webhook]]\nname = \"b\"\nurl = \"https://b.example\"\n"
        "secrets = [\"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\"]\n"));
    BOOST_TEST_REQUIRE(all.webhook_endpoints.size() == 2U);
    auto const& crm = all.webhook_endpoints[0];
    BOOST_TEST(crm.name == "crm");
    BOOST_TEST(crm.url == "https://crm.example/x?y=z");
    BOOST_TEST_REQUIRE(crm.secrets.size() == 2U);
    std::string counted;
    for (char c = 0; c < 24; ++c)
        counted += c;
    BOOST_TEST(crm.secrets[0].reveal() == counted);
    std::string const last = "\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff";
    BOOST_TEST(crm.secrets[1].reveal() == last + last + last + '\xfe');
    BOOST_TEST(crm.events.size() == 2U);
    BOOST_TEST(crm.client == "shop");
    BOOST_TEST(crm.allow_private);
    BOOST_TEST(crm.ca_file == "/x.pem");
    auto const& other = all.webhook_endpoints[1];
    BOOST_TEST(other.events.empty());
    BOOST_TEST(other.client.empty());
    BOOST_TEST(!other.allow_private);
    BOOST_TEST(other.ca_file.empty());
}

BOOST_AUTO_TEST_SUITE_END()
