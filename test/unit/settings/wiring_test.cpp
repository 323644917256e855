// The options of the service's parts, derived from the settings.

#include "app/plan_library.hpp"
#include "app/wiring.hpp"
#include "tables.hpp"

#include <set>

using namespace settings_test;
using namespace std::chrono_literals;
using otpd::app::api_options;
using otpd::app::credentials_of;
using otpd::app::policy_of;
using otpd::app::tracker_options_of;
using otpd::otp::limit;
using otpd::otp::limit_key;
using otpd::otp::limit_mode;
using otpd::otp::limit_step;

namespace {

limit const& limit_of(otpd::otp::policy const& rules, std::string_view name) {
    auto const found = std::ranges::find(rules.limits, name, &limit::name);
    BOOST_TEST_REQUIRE((found != rules.limits.end()));
    return *found;
}

std::string const own_limit = "[[limit]]\nname = \"mine\"\nkey = \"number\"\nquota = 3\n"
                              "window_seconds = 60\n";

} // namespace

BOOST_AUTO_TEST_SUITE(setting_wiring)

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_the_domain) {
    auto const rules = policy_of(settings());
    otpd::otp::policy const usual;
    BOOST_TEST(rules.code_length == usual.code_length);
    BOOST_TEST((rules.ttl == usual.ttl));
    BOOST_TEST((rules.retention == usual.retention));
    BOOST_TEST((rules.cooldown.base == usual.cooldown.base));
    BOOST_TEST((rules.cooldown.longest == usual.cooldown.longest));
    BOOST_TEST((rules.cooldown.memory == usual.cooldown.memory));
    BOOST_TEST(rules.attempts_max == usual.attempts_max);
    BOOST_TEST(rules.guesses.quota == usual.guesses.quota);
    BOOST_TEST((rules.guesses.window == usual.guesses.window));
    BOOST_TEST(rules.guesses.of_ids == usual.guesses.of_ids);
    BOOST_TEST(rules.guesses.of_devices == usual.guesses.of_devices);
    BOOST_TEST(rules.guesses.wait_from == usual.guesses.wait_from);
    BOOST_TEST((rules.guesses.wait_base == usual.guesses.wait_base));
    BOOST_TEST((rules.guesses.wait_max == usual.guesses.wait_max));
    BOOST_TEST((rules.allowed_routes == usual.allowed_routes));
    BOOST_TEST_REQUIRE(rules.templates.size() == 1U);
    BOOST_TEST(rules.templates[0].text == usual.templates[0].text);
    BOOST_TEST((rules.uniform_failures == usual.uniform_failures));
    BOOST_TEST((rules.assumed_price == usual.assumed_price));
    BOOST_TEST(rules.plans.empty());
    BOOST_TEST(!rules.reveal_codes);
}

// Else one that was killed late would be taken as not sent.
BOOST_AUTO_TEST_CASE(a_send_of_unknown_outcome_may_be_as_late_as_its_timeout) {
    settings all;
    BOOST_TEST((tracker_options_of(all).send_max == 30s));
    all.bridgexapi.timeout = 90'500ms;
    BOOST_TEST((tracker_options_of(all).send_max == 101s));
}

// With a single client, there is nobody to keep anything from.
BOOST_AUTO_TEST_CASE(clients_are_tenants_where_there_is_a_table_of_them) {
    auto all = settings();
    BOOST_TEST(!credentials_of(all).front().profile.is_tenant);
    all.auth.token = otpd::secret_string("the-token");
    BOOST_TEST(!credentials_of(all).front().profile.is_tenant);
    all.clients.emplace_back().profile.name = "shop";
    auto const both = credentials_of(all);
    BOOST_TEST(both.size() == 2U);
    for (auto const& entry : both)
        BOOST_TEST(entry.profile.is_tenant, entry.profile.name);
    BOOST_TEST((otpd::app::names_of_clients(all) == std::vector<std::string>{"shop", "default"}));
}

BOOST_AUTO_TEST_CASE(questions_have_connections_beside_those_of_sends) {
    auto all = settings();
    all.bridgexapi.connections_max = 1;
    all.bridgexapi.timeout = 20s;
    auto const questions = otpd::app::question_options(all.bridgexapi);
    BOOST_TEST(questions.connections_max == 8U);
    BOOST_TEST((questions.timeout == 10s));
    // Three are for otpd's own reads.
    BOOST_TEST(otpd::app::read_bulkhead_options_of(all.bridgexapi).concurrency_max == 5U);
    BOOST_TEST(otpd::app::read_quota_of(all.limits) == 600U);
    all.limits.enabled = false;
    BOOST_TEST(otpd::app::read_quota_of(all.limits) == 0U);
}

BOOST_AUTO_TEST_CASE(limits_that_need_no_table) {
    struct expectation {
        char const* name;
        limit_key key;
        std::uint64_t quota;
        std::chrono::seconds window;
        limit_step step;
    };
    auto const rules = policy_of(settings());
    expectation const all[] = {
        {"number_10m", limit_key::number, 5, 10min, limit_step::send},
        {"number_24h", limit_key::number, 10, 24h, limit_step::send},
        {"all_clients_24h", limit_key::number_of_all_clients, 30, 24h, limit_step::send},
        {"address_1h", limit_key::end_user_address, 30, 1h, limit_step::send},
        {"client_1m", limit_key::client, 600, 1min, limit_step::send},
        {"prefix_1h", limit_key::prefix, 100, 1h, limit_step::send},
        {"country_1h", limit_key::country, 5000, 1h, limit_step::send},
        {"global_1m", limit_key::everybody, 1000, 1min, limit_step::send},
        {"global_24h", limit_key::everybody, 100'000, 24h, limit_step::send},
        {"guesses_address_1h", limit_key::end_user_address, 60, 1h, limit_step::guess},
        {"guesses_client_1m", limit_key::client, 600, 1min, limit_step::guess}};
    BOOST_TEST(rules.limits.size() == std::size(all));
    for (auto const& expected : all)
        BOOST_TEST_CONTEXT(expected.name) {
            auto const& found = limit_of(rules, expected.name);
            BOOST_TEST((found.key == expected.key));
            BOOST_TEST(found.quota == expected.quota);
            BOOST_TEST((found.window == expected.window));
            BOOST_TEST((found.step == expected.step));
            BOOST_TEST((found.mode == limit_mode::enforce));
            BOOST_TEST(found.client.empty());
        }
}

BOOST_AUTO_TEST_CASE(a_quota_of_zero_is_no_limit_and_a_named_one_observes) {
    auto const rules = policy_of(
        good(with_config("[limits]\nprefix_1h = 0\nobserve = [\"country_1h\"]\n" + own_limit)));
    BOOST_TEST(rules.limits.size() == otpd::app::built_in_limits().size());
    BOOST_TEST((std::ranges::find(rules.limits, "prefix_1h", &limit::name) == rules.limits.end()));
    BOOST_TEST((limit_of(rules, "country_1h").mode == limit_mode::observe));
    BOOST_TEST((limit_of(rules, "number_10m").mode == limit_mode::enforce));
    BOOST_TEST(limit_of(rules, "mine").quota == 3U);
}

BOOST_AUTO_TEST_CASE(without_limits_there_are_those_of_guesses_only) {
    auto const rules = policy_of(good(with_config("[limits]\nenabled = false\n" + own_limit)));
    BOOST_TEST(rules.limits.empty());
    BOOST_TEST((rules.cooldown.base == 0s));
    BOOST_TEST(!rules.pumping.enabled);
    BOOST_TEST(rules.guesses.quota == 20U);
}

BOOST_AUTO_TEST_CASE(a_longest_cooldown_below_the_first_means_it_never_doubles) {
    auto const rules = policy_of(
        good(with_config("[otp]\ncooldown_seconds = 3600\ncooldown_longest_seconds = 0")));
    BOOST_TEST((rules.cooldown.base == 1h));
    BOOST_TEST((rules.cooldown.longest == 1h));
}

BOOST_AUTO_TEST_CASE(guesses_are_made_to_wait_from_half_of_them_on) {
    auto const of = [](char const* text) {
        return policy_of(good(with_config("[otp]\n" + std::string(text)))).guesses;
    };
    auto const one = of("guesses_per_day = 1");
    BOOST_TEST(one.of_ids == 10U);
    BOOST_TEST(one.wait_from == 1U);
    auto const seven = of("guesses_per_day = 7\nguess_wait_seconds = 5");
    BOOST_TEST(seven.wait_from == 3U);
    BOOST_TEST((seven.wait_base == 5s));
    BOOST_TEST(of("guess_wait_seconds = 0").wait_from == 0U);
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_are_bounded_where_that_is_asked_for) {
    BOOST_TEST(policy_of(good(with_config(""))).guesses.consecutive_max == 0U);
    auto const rules = policy_of(good(with_config("[otp]\nconsecutive_failures_max = 100")));
    BOOST_TEST(rules.guesses.consecutive_max == 100U);
}

BOOST_AUTO_TEST_CASE(the_tables_reach_the_policy) {
    auto const rules = policy_of(good(with_config(
        "[numbers]\ncheck = true\ncountries = [\"NL\"]\n[pumping]\nmode = \"observe\"\n"
        "[[template]]\npurpose = \"pay\"\ntext = \"{code}\"\n"
        "[[test_number]]\nnumber = \"31612345678\"\ncode = \"123456\"\nuntil = 2027-01-31\n")));
    BOOST_TEST((rules.destinations.countries == std::vector<std::string>{"NL"}));
    BOOST_TEST((rules.pumping.mode == limit_mode::observe));
    BOOST_TEST_REQUIRE(rules.templates.size() == 2U);
    BOOST_TEST(rules.templates[0].purpose.empty());
    BOOST_TEST(rules.templates[1].purpose == "pay");
    BOOST_TEST(rules.test_numbers.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_purposes_reach_the_policy) {
    std::string const text = "[[purpose]]\nname = \"pay\"\ncooldown_seconds = 90\n"
                             "message_template = \"Pay: {code}\"\n"
                             "[[purpose]]\nname = \"pay\"\nclient = \"default\"\nlength = 8\n";
    auto const rules = policy_of(good(with_config(text)));
    otpd::otp::client client;
    BOOST_TEST(rules.for_scope(client, "pay").code_length == 8U);
    BOOST_TEST(rules.for_scope(client, "login").code_length == 6U);
    client.name = "another";
    auto const pay = rules.for_scope(client, "pay");
    BOOST_TEST(pay.code_length == 6U);
    BOOST_TEST((pay.cooldown.base == 90s && pay.cooldown.longest == 90s));
    BOOST_TEST_REQUIRE(rules.templates.size() == 2U);
    BOOST_TEST(rules.templates[1].purpose == "pay");
    auto const unlimited = policy_of(good(with_config("[limits]\nenabled = false\n" + text)));
    BOOST_TEST((unlimited.for_scope(client, "pay").cooldown.base == 0s));
}

BOOST_AUTO_TEST_CASE(plans_and_money_reach_the_policy_and_budgets_without_limits_too) {
    auto const text = "[money]\nassumed_price = 0.2\n" + plan_named("a") +
                      "[[budget]]\nname = \"b\"\nkey = \"total\"\nperiod = \"day\"\ncap = 5\n";
    auto const rules = policy_of(good(with_config(text)));
    BOOST_TEST_REQUIRE(rules.plans.size() == 1U);
    BOOST_TEST(rules.plans[0].name == "a");
    BOOST_TEST(rules.budgets.size() == 1U);
    BOOST_TEST(rules.assumed_price.micros() == 200'000);
    auto const free = policy_of(good(with_config("[limits]\nenabled = false\n" + text)));
    BOOST_TEST(free.plans.size() == 1U);
    BOOST_TEST(free.budgets.size() == 1U);
}

BOOST_AUTO_TEST_CASE(spending_has_a_daily_cap_that_is_a_total_budget) {
    using otpd::otp::budget_key;
    using otpd::otp::budget_period;
    auto const budget = [](std::string const& key, std::string const& mode) {
        return "[[budget]]\nname = \"b\"\nkey = \"" + key + "\"\nperiod = \"month\"\ncap = 900\n" +
               "mode = \"" + mode + "\"\n";
    };
    auto const cap_of = [](std::string const& toml) {
        auto const all = good(with_config(toml));
        auto const rules = policy_of(all);
        std::int64_t micros = 0;
        for (auto const& budget : rules.budgets) {
            if (budget.name != "daily_cap") continue;
            BOOST_TEST((budget.key == budget_key::total));
            BOOST_TEST((budget.period == budget_period::day));
            BOOST_TEST((budget.mode == limit_mode::enforce));
            BOOST_TEST(budget.only.empty());
            micros = budget.cap.micros();
        }
        BOOST_TEST(micros == otpd::app::daily_cap_of(all).micros());
        return micros;
    };
    BOOST_TEST(cap_of("") == 50'000'000);
    BOOST_TEST(cap_of("[money]\ndaily_cap = \"12.5\"\n") == 12'500'000);
    BOOST_TEST(cap_of("[money]\ndaily_cap = 0\n") == 0);
    BOOST_TEST(cap_of("[limits]\nenabled = false\n") == 50'000'000);
    // Only a budget of the operator that bounds everything replaces the default.
    BOOST_TEST(cap_of(budget("total", "enforce")) == 0);
    BOOST_TEST(cap_of("[limits]\nenabled = false\n" + budget("total", "enforce")) == 0);
    BOOST_TEST(cap_of(budget("total", "observe")) == 50'000'000);
    BOOST_TEST(cap_of(budget("client", "enforce")) == 50'000'000);
    BOOST_TEST(cap_of("[money]\ndaily_cap = 7\n" + budget("total", "enforce")) == 7'000'000);
}

BOOST_AUTO_TEST_CASE(a_route_takes_half_of_the_connections_by_default) {
    struct expectation {
        char const* connections;
        char const* most;
        std::size_t least, initial, greatest;
    };
    for (auto const& [connections, most, least, initial, greatest] :
         {expectation{"64", "0", 2, 16, 32}, expectation{"16", "0", 2, 8, 8},
          expectation{"1", "0", 2, 2, 2}, expectation{"64", "1", 1, 1, 1},
          expectation{"64", "48", 2, 16, 48}})
        BOOST_TEST_CONTEXT(connections << ' ' << most) {
            auto const options = otpd::app::route_gate_options_of(
                good(sources({{"OTPD_BRIDGEXAPI_CONNECTIONS_MAX", connections},
                              {"OTPD_ROUTES_CONCURRENCY_MAX", most}})));
            BOOST_TEST(options.concurrency_min == least);
            BOOST_TEST(options.concurrency_initial == initial);
            BOOST_TEST(options.concurrency_max == greatest);
        }
}

BOOST_AUTO_TEST_CASE(every_part_gets_its_settings) {
    auto const all = good(with_config(
        "[routes]\nqueue_max = 1\nfailures_to_open = 2\nscore_refresh_seconds = 30\n"
        "explore_percent = 7\n"
        "[money]\nprice_lifetime_seconds = 61\nbalance_interval_seconds = 5\nbalance_low = 6\n"
        "drift_tolerance = 7\n[delivery]\nenabled = false\ninterval_ms = 800\nopen_max = 9\n"
        "page_max = 10\n[timeline]\nfile = \"/x\"\nbytes_max = 65536\nfiles_max = 12\n"
        "[webhooks]\nqueue_max = 13\ntimeout_ms = 1400\n"
        "[tracing]\nsample_ratio = 0.25\nqueue_max = 640\n[compat]\nreference = true\n"));
    auto const gates = otpd::app::route_gate_options_of(all);
    BOOST_TEST(gates.queue_max == 1U);
    BOOST_TEST(gates.circuit.failures_to_open == 2U);
    BOOST_TEST((all.routes.scores.refresh == 30s));
    BOOST_TEST(otpd::app::policy_of(all).explore_percent == 7U);
    auto const book = otpd::app::price_cache_options_of(all);
    BOOST_TEST((book.routes == all.otp.allowed_routes));
    BOOST_TEST((book.lifetime == 61s));
    BOOST_TEST((all.spending.account.interval == 5s));
    BOOST_TEST(all.spending.account.low.micros() == 6'000'000);
    BOOST_TEST(all.spending.account.drift_tolerance.micros() == 7'000'000);
    BOOST_TEST(!all.delivery.enabled);
    BOOST_TEST((all.delivery.interval == 800ms));
    BOOST_TEST(all.delivery.open_max == 9U);
    BOOST_TEST(all.delivery.page_max == 10);
    BOOST_TEST(all.timeline.path == "/x");
    BOOST_TEST(all.timeline.bytes_max == 65'536U);
    BOOST_TEST(all.timeline.files_max == 12U);
    BOOST_TEST(all.webhooks.queue_max == 13U);
    BOOST_TEST((all.webhooks.timeout == 1400ms));
    BOOST_TEST(all.tracing.spans.sample_ratio == 0.25);
    BOOST_TEST(all.tracing.spans.queue_max == 640U);
    BOOST_TEST(all.compat.reference);
}

BOOST_AUTO_TEST_CASE(everybody_is_the_client_default_until_somebody_needs_a_token) {
    auto const open = credentials_of(good(sources()));
    BOOST_TEST_REQUIRE(open.size() == 1U);
    BOOST_TEST(open[0].profile.name == "default");
    BOOST_TEST(open[0].tokens.empty());

    auto const one = credentials_of(good(sources({{"API_AUTH_TOKEN", "the-token"}})));
    BOOST_TEST_REQUIRE(one.size() == 1U);
    BOOST_TEST(one[0].profile.name == "default");
    BOOST_TEST((one[0].tokens == std::vector{otpd::api::digest_of("the-token")}));

    auto const declared = credentials_of(good(with_config(client_named("shop"))));
    BOOST_TEST_REQUIRE(declared.size() == 1U);
    BOOST_TEST(declared[0].profile.name == "shop");
    BOOST_TEST(declared[0].tokens.size() == 1U);

    auto const both =
        credentials_of(good(with_config(client_named("shop"), {{"API_AUTH_TOKEN", "the-token"}})));
    BOOST_TEST(both.size() == 2U);
}

BOOST_AUTO_TEST_CASE(proxies_are_those_of_the_api) {
    auto const options = api_options(good(sources(
        {{"OTPD_SERVER_TRUSTED_PROXIES", "10.0.0.0/8"}, {"OTPD_SERVER_PROXY_PROTOCOL", "true"}})));
    BOOST_TEST(options.trusted_proxies.size() == 1U);
    BOOST_TEST(options.proxy_protocol);
    BOOST_TEST(!otpd::app::admin_options({"127.0.0.1", 0}).proxy_protocol);
}

BOOST_AUTO_TEST_CASE(who_has_the_token_may_name_the_hosts_of_auth_and_one_alone_needs_no_name) {
    auto const holder = [](char const* hosts) {
        auto const all = good(with_config("[auth]\nweb_otp_hosts = " + std::string(hosts) + '\n',
                                          {{"API_AUTH_TOKEN", "the-token"}}));
        return otpd::app::credentials_of(all).at(0).profile;
    };
    auto const one = holder("[\"shop.example\"]");
    BOOST_TEST((one.web_otp_hosts == std::vector<std::string>{"shop.example"}));
    BOOST_TEST(one.suffix.text == "shop.example");
    auto const two = holder("[\"shop.example\", \"pay.example\"]");
    BOOST_TEST(two.web_otp_hosts.size() == 2U);
    BOOST_TEST((two.suffix == otpd::otp::autofill_suffix()));
    auto const nobody = otpd::app::credentials_of(good(with_config("")));
    BOOST_TEST(nobody.at(0).profile.web_otp_hosts.empty());
}

BOOST_AUTO_TEST_CASE(the_numbering_plans_are_of_a_library_with_a_name_and_a_date) {
    auto const library = otpd::app::library_of_plans();
    BOOST_TEST(!library.file.empty());
    BOOST_TEST_REQUIRE(library.dated.has_value());
    auto const today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    BOOST_TEST((*library.dated <= today));
    BOOST_TEST((*library.dated > std::chrono::sys_days(std::chrono::year(2015) / 1 / 1)));
}

BOOST_AUTO_TEST_SUITE_END()
