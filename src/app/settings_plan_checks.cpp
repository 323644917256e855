// What plans, budgets and webhooks must be together, and with the other settings.

#include "otpd/app/settings_keys.hpp"
#include "otpd/store/charge.hpp"
#include "settings_checks.hpp"
#include "settings_sources.hpp"
#include "settings_values.hpp"

#include <map>
#include <set>

namespace otpd::app {

namespace {

template <class Entry>
void check_names(std::string_view table, std::vector<Entry> const& entries, fault_lines& faults) {
    std::set<std::string> names;
    for (auto const& each : entries)
        if (!names.insert(each.name).second)
            faults.push_back(named(table, each.name) +
                             " is there twice: give each a name of its own");
}

std::vector<int> routes_of(otp::route_step const& step) {
    return step.best ? step.best->routes : std::vector{step.route_id};
}

/// Ascending, each once.
std::set<int> routes_of(otp::route_plan const& plan) {
    std::set<int> routes;
    for (auto const& step : plan.steps)
        for (int const route : routes_of(step))
            routes.insert(route);
    return routes;
}

/// Without the numbering plan no number has a country.
void check_country_is_known(settings const& all, std::string const& what, fault_lines& faults) {
    if (!all.numbers.checked)
        faults.push_back(what + " needs numbers.check = true: without it no country is known");
}

// --- plans ---------------------------------------------------------------------------------------

void check_plan_names(settings const& all, fault_lines& faults) {
    check_names("route_plan", all.route_plans, faults);
}

void check_plan_purposes(settings const& all, fault_lines& faults) {
    std::map<std::string, std::string> owners;
    for (auto const& plan : all.route_plans)
        for (auto const& purpose : plan.purposes) {
            auto const [owner, is_new] = owners.emplace(purpose, plan.name);
            if (!is_new && owner->second != plan.name)
                faults.push_back(named("route_plan", plan.name) + " has purpose " +
                                 values::quoted_for_message(purpose) + " of " +
                                 named("route_plan", owner->second) +
                                 ": leave it out of one of them");
        }
}

void check_plan_routes(settings const& all, fault_lines& faults) {
    for (auto const& plan : all.route_plans)
        for (int const route : routes_of(plan))
            if (!holds(all.otp.allowed_routes, route))
                faults.push_back(named("route_plan", plan.name) + " has route " +
                                 std::to_string(route) +
                                 ", which is not in otp.allowed_routes: add it there or leave it "
                                 "out");
}

void check_plan_countries(settings const& all, fault_lines& faults) {
    auto const has_countries = [](otp::route_step const& step) { return !step.countries.empty(); };
    for (auto const& plan : all.route_plans)
        if (std::ranges::any_of(plan.steps, has_countries))
            check_country_is_known(all, "countries of " + named("route_plan", plan.name), faults);
}

void check_plan_of(otp::client const& client, settings const& all, fault_lines& faults) {
    auto const which = named("client", client.name);
    if (client.default_route_id != 0)
        faults.push_back(which + " has default_route_id and default_route_plan: leave one of them "
                                 "out");
    auto const plan =
        std::ranges::find(all.route_plans, client.default_plan, &otp::route_plan::name);
    if (plan == all.route_plans.end()) {
        faults.push_back(which + " has default_route_plan \"" + client.default_plan +
                         "\", which no [[route_plan]] is");
        return;
    }
    if (client.routes.empty()) return;
    for (int const route : routes_of(*plan))
        if (!holds(client.routes, route))
            faults.push_back(which + " may not use route " + std::to_string(route) + " of " +
                             named("route_plan", plan->name) +
                             ", which is its default_route_plan: add it to its routes or choose "
                             "another");
}

void check_client_plans(settings const& all, fault_lines& faults) {
    for (auto const& [profile, tokens] : all.clients)
        if (!profile.default_plan.empty()) check_plan_of(profile, all, faults);
}

// --- budgets -------------------------------------------------------------------------------------

/// An answer and a metric say by name what refused: a limit or a budget.
void check_budget_names(settings const& all, fault_lines& faults) {
    std::set<std::string> names{store::cooldown_counter, store::guesses_counter,
                                otp::read_limit_name, daily_cap_name, "ledger"};
    for (auto const& each : built_in_limits())
        names.emplace(each.name);
    for (auto const& each : all.own_limits)
        names.insert(each.name);
    for (auto const& each : all.budgets)
        if (!names.insert(each.name).second || each.name.starts_with("pumping_"))
            faults.push_back(named("budget", each.name) +
                             ": there is a limit or budget of that name already, choose another");
}

void check_budget_subjects(settings const& all, fault_lines& faults) {
    using otp::budget_key;
    for (auto const& each : all.budgets) {
        auto const which = named("budget", each.name);
        if (each.key == budget_key::country)
            check_country_is_known(all, "key = \"country\" of " + which, faults);
        if (each.only.empty()) continue;
        if (each.key == budget_key::client && !there_is_a_client(all, each.only))
            faults.push_back(which + " is for client \"" + each.only +
                             "\", which no [[client]] is");
        if (each.key == budget_key::route &&
            !holds(all.otp.allowed_routes, static_cast<int>(*values::parse_whole(each.only))))
            faults.push_back(
                which + " is for route " + each.only +
                ", which is not in otp.allowed_routes: add it there or choose another");
    }
}

// --- webhooks ------------------------------------------------------------------------------------

void check_webhooks(settings const& all, fault_lines& faults) {
    check_names("webhook", all.webhook_endpoints, faults);
    for (auto const& each : all.webhook_endpoints) {
        auto const which = named("webhook", each.name);
        if (!each.url.starts_with("https:") && !each.allow_private)
            faults.push_back(which +
                             " has an http URL, which is for loopback addresses: use https, "
                             "or set allow_private = true");
        if (!each.client.empty() && !there_is_a_client(all, each.client))
            faults.push_back(which + " is for client \"" + each.client +
                             "\", which no [[client]] is");
    }
}

// --- routes and files ----------------------------------------------------------------------------

void check_concurrency(settings const& all, fault_lines& faults) {
    if (all.routes.concurrency_max == 0 ||
        all.routes.concurrency_max < all.bridgexapi.connections_max)
        return;
    faults.push_back("routes.concurrency_max = " + std::to_string(all.routes.concurrency_max) +
                     " lets one route take all of bridgexapi.connections_max = " +
                     std::to_string(all.bridgexapi.connections_max) + ": make it less");
}

void check_files(settings const& all, fault_lines& faults) {
    bool const is_sqlite = all.store.url.what == store::location::kind::sqlite;
    if (!all.timeline.file.empty() && is_sqlite && all.timeline.file == all.store.url.path)
        faults.push_back("timeline.file is the file of store.url: choose another");
}

constexpr void (*checks[])(settings const&, fault_lines&) = {
    check_plan_names,   check_plan_purposes, check_plan_routes,     check_plan_countries,
    check_client_plans, check_budget_names,  check_budget_subjects, check_webhooks,
    check_concurrency,  check_files};

} // namespace

bool has_total_budget(settings const& all) {
    return std::ranges::any_of(all.budgets, [](otp::spending_budget const& each) {
        return each.key == otp::budget_key::total && each.mode == otp::limit_mode::enforce;
    });
}

fault_lines check_plans(settings const& all) {
    fault_lines faults;
    for (auto const check : checks)
        check(all, faults);
    return faults;
}

} // namespace otpd::app
