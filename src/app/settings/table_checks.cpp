// Checks the tables of the file against each other and against other settings, and that all named
// countries exist.

#include "checks.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/store/limits.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace otpd::app {

std::string named(std::string_view table, std::string const& name) {
    return "[[" + std::string(table) + "]] \"" + name + '"';
}

namespace {

/// Whether a request can come from a client of that name.
bool has_client(settings const& all, std::string const& name) {
    bool const has_default = !all.auth.token.empty() || all.clients.empty();
    return (name == otp::client::default_name && has_default) ||
           std::ranges::any_of(all.clients, [&](api::credential const& client) {
               return client.profile.name == name;
           });
}

std::vector<int> routes_of(otp::route_step const& step) {
    return step.best ? step.best->routes : std::vector{step.route_id};
}

/// Ascending, without duplicates.
std::set<int> routes_of(otp::route_plan const& plan) {
    std::set<int> routes;
    for (auto const& step : plan.steps)
        for (int const route : routes_of(step))
            routes.insert(route);
    return routes;
}

class table_checks : public table_refusals {
public:
    using table_refusals::table_refusals;

    void check() {
        check_tokens();
        for (auto const& [profile, tokens] : all_.clients)
            check_client(profile);
        check_countries_are_known();
        check_limits_and_budgets();
        std::ranges::move(check_texts(all_), std::back_inserter(lines));
        for (auto const& test_number : all_.test_numbers)
            check_test_number(test_number);
        for (auto const& plan : all_.otp.plans)
            check_plan(plan);
        for (auto const& webhook_endpoint : all_.webhook_endpoints)
            check_webhook(webhook_endpoint);
        for (auto const& hook : all_.hooks)
            check_hook(hook);
        check_countries_exist();
    }

private:
    /// A token identifies its holder, so tokens must be unique.
    void check_tokens() {
        std::map<secret_digest, std::string> owners;
        auto const is_new = [&](secret_string const& token, char const* owner) {
            return token.empty() || owners.emplace(token.digest(), owner).second;
        };
        is_new(all_.auth.token, "auth.token");
        when(!is_new(all_.admin.token, "admin.token"),
             "admin.token is auth.token, too: the operator's neither sends nor verifies, give it "
             "one of its own");
        for (auto const& [profile, tokens] : all_.clients)
            for (auto const& digest : tokens) {
                auto const which = named("client", profile.name);
                auto const [owner, is_first] = owners.emplace(digest, which);
                if (is_first) continue;
                bool const is_own = owner->second == which;
                when(is_own, which + " has the same token twice: leave one of them out");
                when(!is_own, which + " has a token of " + owner->second +
                                  ": give each client tokens of its own");
            }
    }

    /// Of the client or plan.
    template <class Routes>
    void check_routes_of(std::string const& which, Routes const& routes) {
        for (int const route : routes)
            when(!holds(all_.otp.allowed_routes, route),
                 which + " has route " + std::to_string(route) +
                     ", which is not in otp.allowed_routes: add it there or leave it out");
    }

    void check_client(otp::client const& client) {
        auto const which = named("client", client.name);
        once(which, which, "give each client a name of its own");
        when(client.name == otp::client::default_name && !all_.auth.token.empty(),
             which + " is the client of auth.token: choose another name, or leave one of them out");
        check_routes_of(which, client.routes);
        auto const& routes = client.routes.empty() ? all_.otp.allowed_routes : client.routes;
        int const usual = client.default_route_id;
        when(usual != 0 && !holds(routes, usual),
             which + " has default_route_id = " + std::to_string(usual) +
                 ", which is none of its routes: choose another");
        int const general = all_.otp.default_route_id;
        when(usual == 0 && client.default_plan.empty() && !holds(routes, general),
             which + " may not use otp.default_route_id = " + std::to_string(general) +
                 ": give it a default_route_id");
        for (auto const& country : client.countries)
            when(!all_.otp.destinations.countries.empty() &&
                     !holds(all_.otp.destinations.countries, country),
                 which + " has country " + country +
                     ", which is not in numbers.countries: add it there or leave it out");
        if (!client.default_plan.empty()) check_plan_of(client, which);
    }

    void check_plan_of(otp::client const& client, std::string const& which) {
        when(client.default_route_id != 0,
             which + " has default_route_id and default_route_plan: leave one of them out");
        auto const* const plan = plan_of(which, "default_route_plan", client.default_plan);
        if (plan == nullptr) return;
        for (int const route : routes_of(*plan))
            when(!client.routes.empty() && !holds(client.routes, route),
                 which + " may not use route " + std::to_string(route) + " of " +
                     named("route_plan", plan->name) +
                     ", which is its default_route_plan: add it to its routes or choose another");
    }

    /// What names countries: "countries of " and `[[client]] "shop"`.
    struct country_use {
        std::string how;
        std::string where;
        std::vector<std::string> countries; ///< empty: all, by a key
    };
    [[nodiscard]] std::vector<country_use> uses_of_countries() const {
        std::vector<country_use> uses;
        auto const add = [&uses](char const* how, std::string where,
                                 std::vector<std::string> countries) {
            if (!countries.empty()) uses.push_back({how, std::move(where), std::move(countries)});
        };
        auto const countries_in = [](std::vector<otp::destination> const& list) {
            std::vector<std::string> found;
            for (auto const& entry : list)
                if (entry.is_country()) found.push_back(entry.text);
            return found;
        };
        auto const only_of = [](otp::spending_budget const& spending_budget) {
            return spending_budget.only.empty() ? std::vector<std::string>()
                                                : std::vector{spending_budget.only};
        };
        constexpr char const* by_key = "key = \"country\" of ";
        auto const& numbers = all_.otp.destinations;
        add("", "numbers.countries", numbers.countries);
        add("a country in ", "numbers.denied", countries_in(numbers.denied));
        add("a country in ", "numbers.trusted", countries_in(numbers.trusted));
        for (auto const& [profile, tokens] : all_.clients)
            add("countries of ", named("client", profile.name), profile.countries);
        for (auto const& limit : all_.otp.limits)
            if (limit.key == otp::limit_key::country)
                uses.push_back({by_key, named("limit", limit.name), {}});
        for (auto const& plan : all_.otp.plans) {
            std::vector<std::string> countries;
            for (auto const& step : plan.steps)
                countries.insert(countries.end(), step.countries.begin(), step.countries.end());
            add("countries of ", named("route_plan", plan.name), std::move(countries));
        }
        for (auto const& budget : all_.otp.budgets)
            if (budget.key == otp::budget_key::country)
                uses.push_back({by_key, named("budget", budget.name), only_of(budget)});
        return uses;
    }

    /// Without the numbering plan, no number has a country: an allowed country would receive
    /// nothing, and a denied country would not be refused.
    void check_countries_are_known() {
        for (auto const& use : uses_of_countries())
            when(!all_.otp.destinations.checked,
                 use.how + use.where +
                     " needs numbers.check = true: without it no country is known");
    }

    void check_countries_exist() {
        std::optional<numbering_plan> plan; // loading it takes milliseconds
        for (auto const& use : uses_of_countries())
            for (auto const& country : use.countries) {
                if (!plan) plan.emplace();
                when(!plan->knows_country(country),
                     use.where + " has country " + country +
                         ", which does not exist: countries are called as in ISO 3166-1, GB for "
                         "example");
            }
    }

    /// Replies and metrics identify what refused a request by its name.
    void check_limits_and_budgets() {
        std::set<std::string> taken{store::cooldown_counter, store::guesses_counter,
                                    otp::read_limit_name, daily_cap_name};
        for (auto const& built_in_limit : built_in_limits())
            taken.emplace(built_in_limit.name);
        auto const is_taken = [&](std::string const& name) {
            return !taken.insert(name).second || name.starts_with("pumping_");
        };
        for (auto const& limit : all_.otp.limits) {
            auto const which = named("limit", limit.name);
            when(is_taken(limit.name),
                 which + ": there is a limit of that name already, choose another");
            check_client_of(which, limit.client);
        }
        taken.emplace("ledger");
        for (auto const& budget : all_.otp.budgets) {
            auto const which = named("budget", budget.name);
            when(is_taken(budget.name),
                 which + ": there is a limit or budget of that name already, choose another");
            if (budget.key == otp::budget_key::client) check_client_of(which, budget.only);
            if (budget.key == otp::budget_key::route && !budget.only.empty())
                when(!holds(all_.otp.allowed_routes, *values::parse_route(budget.only)),
                     which + " is for route " + budget.only +
                         ", which is not in otp.allowed_routes: add it there or choose another");
        }
    }

    void check_test_number(test_number_settings const& number) {
        auto const which = named("test_number", number.number->masked());
        once(which, number.number->digits());
        when(number.code.reveal().size() != all_.otp.code_length,
             which + " has a code that does not have the " + std::to_string(all_.otp.code_length) +
                 " digits of otp.length");
    }

    void check_plan(otp::route_plan const& plan) {
        auto const which = named("route_plan", plan.name);
        once(which, which, "give each a name of its own");
        for (auto const& purpose : plan.purposes) {
            auto const [owner, is_new] = plans_of_purposes_.emplace(purpose, which);
            when(!is_new && owner->second != which,
                 which + " has purpose " + values::quoted_for_message(purpose) + " of " +
                     owner->second + ": leave it out of one of them");
        }
        check_routes_of(which, routes_of(plan));
        if (plan.hedge) check_hedge(plan, which);
    }

    /// A second message is money that no request asked for, so the operator bounds it himself.
    void check_hedge(otp::route_plan const& plan, std::string const& which) {
        when(routes_of(plan).size() < 2,
             which + " has hedge and one route: a second message needs another one");
        when(!all_.delivery.enabled, which + " has hedge, which needs delivery.enabled: without "
                                             "delivery reports every message would be sent twice");
        for (auto const& step : plan.steps) // two polls, at the least
            when(step.deliver_within > step.deliver_within.zero() &&
                     step.deliver_within < 2 * all_.delivery.interval + all_.delivery.first_look,
                 which + " has hedge and deliver_within_seconds = " +
                     std::to_string(step.deliver_within.count()) +
                     ", which is over before delivery.interval_ms lets a report be read: make it "
                     "longer, or the interval shorter");
        auto const covers = [](otp::spending_budget const& spending_budget) {
            return spending_budget.mode == otp::limit_mode::enforce && spending_budget.only.empty();
        };
        when(std::ranges::none_of(all_.otp.budgets, covers),
             which + " has hedge and no budget covers it: add a [[budget]] with mode = \"enforce\" "
                     "and without `only`");
    }

    void check_webhook(webhook::endpoint const& hook) {
        auto const which = named("webhook", hook.name);
        once(which, which, "give each a name of its own");
        when(!hook.url.starts_with("https:") && !hook.allow_private,
             which + " has an http URL, which is for loopback addresses: use https, or set "
                     "allow_private = true");
        check_client_of(which, hook.client);
    }

    void check_hook(api::hook const& hook) {
        auto const which = "[[hook]] " + std::string(to_string(hook.provider)) + " of client \"" +
                           hook.client + '"';
        once(which, which);
        check_client_of(which, hook.client);
        auto const check_secret = [&](char const* key, secret_string const& secret) {
            when(!api::is_hook_secret(hook.provider, secret.reveal()),
                 which + ": " + key +
                     ": must be whsec_ and base64 of 24 to 64 bytes for supabase (v1, may come "
                     "first), and 16 to 1024 characters for others");
        };
        check_secret("secret", hook.secret);
        if (!hook.old_secret.empty()) check_secret("old_secret", hook.old_secret);
    }

    std::map<std::string, std::string> plans_of_purposes_;
};

} // namespace

void table_refusals::once(std::string const& which, std::string const& key,
                          std::string_view advice) {
    when(!taken_.insert(key).second, which + " is there twice: " + std::string(advice));
}

void table_refusals::check_client_of(std::string const& which, std::string const& name) {
    when(!name.empty() && !has_client(all_, name),
         which + " is for client \"" + name + "\", which no [[client]] is");
}

otp::route_plan const* table_refusals::plan_of(std::string const& which, std::string_view key,
                                               std::string const& name) {
    auto const plan = std::ranges::find(all_.otp.plans, name, &otp::route_plan::name);
    if (plan != all_.otp.plans.end()) return &*plan;
    when(true,
         which + " has " + std::string(key) + " \"" + name + "\", which no [[route_plan]] is");
    return nullptr;
}

bool has_total_budget(settings const& all) {
    return std::ranges::any_of(all.otp.budgets, [](otp::spending_budget const& budget) {
        return budget.key == otp::budget_key::total && budget.mode == otp::limit_mode::enforce;
    });
}

fault_lines check_tables(settings const& all) {
    table_checks checks(all);
    checks.check();
    return std::move(checks.lines);
}

} // namespace otpd::app
