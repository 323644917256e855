// Checks the tables of the file against each other and against other settings, and that all named
// countries exist.

#include "otpd/core/numbering_plan.hpp"
#include "otpd/store/limits.hpp"
#include "settings_sources.hpp"

#include <map>
#include <set>
#include <utility>

namespace otpd::app {

std::string named(std::string_view table, std::string const& name) {
    return "[[" + std::string(table) + "]] \"" + name + '"';
}

bool has_client(settings const& all, std::string const& name) {
    bool const has_default = !all.auth.token.empty() || all.clients.empty();
    return (name == otp::client::default_name && has_default) ||
           std::ranges::any_of(all.clients, [&](client_settings const& client) {
               return client.profile.name == name;
           });
}

namespace {

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

class table_checks : public refusals {
public:
    explicit table_checks(settings const& all) : all_(all) {}

    void check() {
        check_tokens();
        for (auto const& [profile, tokens] : all_.clients)
            check_client(profile);
        check_countries_are_known();
        check_limits_and_budgets();
        check_templates();
        for (auto const& each : all_.test_numbers)
            check_test_number(each);
        for (auto const& each : all_.route_plans)
            check_plan(each);
        for (auto const& each : all_.webhook_endpoints)
            check_webhook(each);
        for (auto const& each : all_.hooks)
            check_hook(each);
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

    /// Refuses duplicate names in a table.
    void check_name(std::string const& which, std::string_view each) {
        when(!names_.insert(which).second,
             which + " is there twice: give each " + std::string(each) + "a name of its own");
    }

    void check_client_of(std::string const& which, std::string const& name) {
        when(!name.empty() && !has_client(all_, name),
             which + " is for client \"" + name + "\", which no [[client]] is");
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
        check_name(which, "client ");
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
            when(!all_.numbers.countries.empty() && !holds(all_.numbers.countries, country),
                 which + " has country " + country +
                     ", which is not in numbers.countries: add it there or leave it out");
        if (!client.default_plan.empty()) check_plan_of(client, which);
    }

    void check_plan_of(otp::client const& client, std::string const& which) {
        when(client.default_route_id != 0,
             which + " has default_route_id and default_route_plan: leave one of them out");
        auto const plan =
            std::ranges::find(all_.route_plans, client.default_plan, &otp::route_plan::name);
        if (plan == all_.route_plans.end())
            return when(true, which + " has default_route_plan \"" + client.default_plan +
                                  "\", which no [[route_plan]] is");
        for (int const route : routes_of(*plan))
            when(!client.routes.empty() && !holds(client.routes, route),
                 which + " may not use route " + std::to_string(route) + " of " +
                     named("route_plan", plan->name) +
                     ", which is its default_route_plan: add it to its routes or choose another");
    }

    /// Without the numbering plan, no number has a country: an allowed country would receive
    /// nothing, and a denied country would not be refused.
    void check_countries_are_known() {
        auto const known_for = [&](bool has_country, std::string const& what) {
            when(has_country && !all_.numbers.checked,
                 what + " needs numbers.check = true: without it no country is known");
        };
        auto const names_country = [](std::vector<otp::destination> const& list) {
            return std::ranges::any_of(list, &otp::destination::is_country);
        };
        known_for(!all_.numbers.countries.empty(), "numbers.countries");
        known_for(names_country(all_.numbers.denied), "a country in numbers.denied");
        known_for(names_country(all_.numbers.trusted), "a country in numbers.trusted");
        for (auto const& [profile, tokens] : all_.clients)
            known_for(!profile.countries.empty(), "countries of " + named("client", profile.name));
        for (auto const& each : all_.own_limits)
            known_for(each.key == otp::limit_key::country,
                      "key = \"country\" of " + named("limit", each.name));
        for (auto const& plan : all_.route_plans)
            known_for(std::ranges::any_of(plan.steps,
                                          [](auto const& step) { return !step.countries.empty(); }),
                      "countries of " + named("route_plan", plan.name));
        for (auto const& each : all_.budgets)
            known_for(each.key == otp::budget_key::country,
                      "key = \"country\" of " + named("budget", each.name));
    }

    /// Replies and metrics identify what refused a request by its name.
    void check_limits_and_budgets() {
        std::set<std::string> taken{store::cooldown_counter, store::guesses_counter,
                                    otp::read_limit_name, daily_cap_name};
        for (auto const& each : built_in_limits())
            taken.emplace(each.name);
        auto const is_taken = [&](std::string const& name) {
            return !taken.insert(name).second || name.starts_with("pumping_");
        };
        for (auto const& each : all_.own_limits) {
            auto const which = named("limit", each.name);
            when(is_taken(each.name),
                 which + ": there is a limit of that name already, choose another");
            check_client_of(which, each.client);
        }
        taken.emplace("ledger");
        for (auto const& each : all_.budgets) {
            auto const which = named("budget", each.name);
            when(is_taken(each.name),
                 which + ": there is a limit or budget of that name already, choose another");
            if (each.key == otp::budget_key::client) check_client_of(which, each.only);
            if (each.key == otp::budget_key::route && !each.only.empty())
                when(!holds(all_.otp.allowed_routes, *values::parse_route(each.only)),
                     which + " is for route " + each.only +
                         ", which is not in otp.allowed_routes: add it there or choose another");
        }
    }

    /// The suffixes that may follow a text of this purpose, or of any purpose.
    [[nodiscard]] std::vector<otp::autofill_suffix> suffixes_for(std::string const& purpose) const {
        std::vector<otp::autofill_suffix> suffixes;
        auto const add_hosts = [&](std::vector<std::string> const& hosts) {
            for (auto const& host : hosts)
                if (auto suffix = otp::autofill_suffix::web_otp_for(host))
                    suffixes.push_back(*std::move(suffix));
        };
        add_hosts(all_.auth.web_otp_hosts);
        for (auto const& [profile, tokens] : all_.clients)
            if (purpose.empty() || profile.purposes.empty() || holds(profile.purposes, purpose)) {
                suffixes.push_back(profile.suffix);
                add_hosts(profile.web_otp_hosts);
            }
        return suffixes;
    }

    /// Whether the purpose never falls back to a text of every purpose.
    [[nodiscard]] bool has_own_text(std::string const& purpose) const {
        return std::ranges::any_of(all_.templates,
                                   [&](otp::message_template const& each) {
                                       return each.purpose == purpose && each.locale.text.empty();
                                   }) ||
               std::ranges::any_of(all_.purposes, [&](purpose_settings const& each) {
                   return each.name == purpose && !each.text.empty();
               });
    }

    /// The rules of the codes that a text of this purpose, or of every purpose, may have.
    [[nodiscard]] std::vector<otp::scope_rules> rules_for(std::string const& purpose) const {
        std::vector<otp::scope_rules> list;
        bool has_table = false;
        for (auto const& each : all_.purposes) {
            bool const is_of_it = each.name == purpose;
            has_table = has_table || (is_of_it && each.client.empty());
            if (is_of_it || (purpose.empty() && each.variables.empty() && !has_own_text(each.name)))
                list.push_back(rules_of(all_, each));
        }
        if (!has_table) list.push_back(all_.otp);
        return list;
    }

    void check_text(std::string const& which, otp::message_template const& text) {
        auto const suffixes = suffixes_for(text.purpose);
        for (auto const& rules : rules_for(text.purpose)) {
            otp::message_facts shortest{rules.ttl};
            for (auto const& name : rules.variables)
                shortest.variables.push_back({name, "0"});
            auto const why =
                otp::messages::fault_of(text.text, rules.code_length, shortest, suffixes);
            if (!why) continue;
            return when(true, which + " = " + values::quoted_for_message(text.text) + ' ' + *why +
                                  " (with the code and the autofill suffix of its clients)");
        }
    }

    void check_templates() {
        check_text("otp.message_template", all_.otp.templates.front());
        for (auto const& each : all_.purposes)
            if (!each.text.empty())
                check_text(named("purpose", each.name) + " message_template",
                           {each.name, {}, each.text});
        for (auto const& each : all_.templates) {
            std::string which = "[[template]]";
            if (!each.purpose.empty()) which += " of purpose \"" + each.purpose + '"';
            if (!each.locale.text.empty()) which += " of locale \"" + each.locale.text + '"';
            bool const is_general = each.purpose.empty() && each.locale.text.empty();
            when(is_general, which + " needs a purpose or a locale: the text of all others is "
                                     "otp.message_template");
            when(!names_.insert(which).second && !is_general,
                 which + " is there twice: leave one of them out");
            check_text(which, each);
        }
    }

    void check_test_number(otp::test_number const& number) {
        auto const which = named("test_number", number.number.masked());
        when(!names_.insert(number.number.digits()).second,
             which + " is there twice: leave one of them out");
        when(number.code.reveal().size() != all_.otp.code_length,
             which + " has a code that does not have the " + std::to_string(all_.otp.code_length) +
                 " digits of otp.length");
    }

    void check_plan(otp::route_plan const& plan) {
        auto const which = named("route_plan", plan.name);
        check_name(which, "");
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
        auto const covers = [](otp::spending_budget const& each) {
            return each.mode == otp::limit_mode::enforce && each.only.empty();
        };
        when(std::ranges::none_of(all_.budgets, covers),
             which + " has hedge and no budget covers it: add a [[budget]] with mode = \"enforce\" "
                     "and without `only`");
    }

    void check_webhook(webhook::endpoint const& hook) {
        auto const which = named("webhook", hook.name);
        check_name(which, "");
        when(!hook.url.starts_with("https:") && !hook.allow_private,
             which + " has an http URL, which is for loopback addresses: use https, or set "
                     "allow_private = true");
        check_client_of(which, hook.client);
    }

    void check_hook(api::hook const& hook) {
        auto const which = "[[hook]] " + std::string(to_string(hook.provider)) + " of client \"" +
                           hook.client + '"';
        when(!names_.insert(which).second, which + " is there twice: leave one of them out");
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

    using named_country = std::pair<std::string, std::string>; ///< position, and name

    [[nodiscard]] std::vector<named_country> all_countries() const {
        std::vector<named_country> list;
        auto const add = [&](std::string const& where, std::vector<std::string> const& countries) {
            for (auto const& country : countries)
                list.emplace_back(where, country);
        };
        auto const add_destinations = [&](char const* where,
                                          std::vector<otp::destination> const& destinations) {
            for (auto const& each : destinations)
                if (each.is_country()) list.emplace_back(where, each.text);
        };
        add("numbers.countries", all_.numbers.countries);
        add_destinations("numbers.denied", all_.numbers.denied);
        add_destinations("numbers.trusted", all_.numbers.trusted);
        for (auto const& [profile, tokens] : all_.clients)
            add(named("client", profile.name), profile.countries);
        for (auto const& plan : all_.route_plans)
            for (auto const& step : plan.steps)
                add(named("route_plan", plan.name), step.countries);
        for (auto const& budget : all_.budgets)
            if (budget.key == otp::budget_key::country && !budget.only.empty())
                list.emplace_back(named("budget", budget.name), budget.only);
        return list;
    }

    void check_countries_exist() {
        auto const list = all_countries();
        if (list.empty()) return; // loading the numbering plans takes milliseconds
        numbering_plan const plan;
        for (auto const& [where, country] : list)
            when(!plan.knows_country(country),
                 where + " has country " + country +
                     ", which does not exist: countries are called as in ISO 3166-1, GB for "
                     "example");
    }

    settings const& all_;
    std::set<std::string> names_; ///< the names that must be unique
    std::map<std::string, std::string> plans_of_purposes_;
};

} // namespace

bool has_total_budget(settings const& all) {
    return std::ranges::any_of(all.budgets, [](otp::spending_budget const& each) {
        return each.key == otp::budget_key::total && each.mode == otp::limit_mode::enforce;
    });
}

fault_lines check_tables(settings const& all) {
    table_checks checks(all);
    checks.check();
    return std::move(checks.lines);
}

} // namespace otpd::app
