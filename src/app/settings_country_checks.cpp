// Whether the countries that the settings name exist.

#include "otpd/core/numbering_plan.hpp"
#include "settings_checks.hpp"
#include "settings_sources.hpp"

namespace otpd::app {

namespace {

struct named_country {
    std::string where;
    std::string country;
};

std::vector<named_country> countries_of(settings const& all) {
    std::vector<named_country> named_ones;
    auto const add = [&](std::string const& where, std::vector<std::string> const& list) {
        for (auto const& country : list)
            named_ones.push_back({where, country});
    };
    auto const add_destinations = [&](char const* where,
                                      std::vector<otp::destination> const& list) {
        for (auto const& each : list)
            if (each.is_country()) named_ones.push_back({where, each.text});
    };
    add("numbers.countries", all.numbers.countries);
    add_destinations("numbers.denied", all.numbers.denied);
    add_destinations("numbers.trusted", all.numbers.trusted);
    for (auto const& [profile, tokens] : all.clients)
        add(named("client", profile.name), profile.countries);
    for (auto const& plan : all.route_plans)
        for (auto const& step : plan.steps)
            add(named("route_plan", plan.name), step.countries);
    for (auto const& budget : all.budgets)
        if (budget.key == otp::budget_key::country && !budget.only.empty())
            add(named("budget", budget.name), {budget.only});
    return named_ones;
}

} // namespace

fault_lines check_countries(settings const& all) {
    fault_lines faults;
    auto const named_ones = countries_of(all);
    if (named_ones.empty()) return faults; // the numbering plans take milliseconds to load
    numbering_plan const plan;
    for (auto const& [where, country] : named_ones)
        if (!plan.knows_country(country))
            faults.push_back(where + " has country " + country +
                             ", which does not exist: countries are called as in ISO 3166-1, GB "
                             "for example");
    return faults;
}

} // namespace otpd::app
