// [[purpose]]: its rules, and what they must hold.

#include "otpd/core/purpose.hpp"
#include "sources.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace otpd::app {

namespace {

purpose_settings const* table_of_all_clients(settings const& all, std::string const& purpose) {
    auto const found = std::ranges::find_if(all.purposes, [&](purpose_settings const& each) {
        return each.name == purpose && each.client.empty();
    });
    return found == all.purposes.end() ? nullptr : &*found;
}

void apply(purpose_settings const& table, otp::scope_rules& rules) {
    rules.code_length = table.code_length.value_or(rules.code_length);
    rules.ttl = table.ttl.value_or(rules.ttl);
    rules.attempts_max = table.attempts_max.value_or(rules.attempts_max);
    if (table.cooldown) rules.cooldown.base = *table.cooldown;
    if (!table.plan.empty()) rules.plan = table.plan;
    rules.require_verification_id |= table.require_verification_id;
    if (!table.variables.empty()) rules.variables = table.variables;
}

/// What a client's table narrows.
otp::scope_rules rules_of_all_clients(settings const& all, std::string const& purpose) {
    otp::scope_rules rules = all.otp;
    if (auto const* const table = table_of_all_clients(all, purpose)) apply(*table, rules);
    return rules;
}

class purpose_checks : public refusals {
public:
    explicit purpose_checks(settings const& all) : all_(all) {}

    void check(purpose_settings const& table) {
        auto which = named("purpose", table.name);
        if (!table.client.empty()) which += " of client \"" + table.client + '"';
        when(!names_.emplace(table.name, table.client).second,
             which + " is there twice: leave one of them out");
        auto const rules = rules_of(all_, table);
        if (table.code_length)
            check_guess_risk(all_.otp, rules.code_length, which + " length", *this);
        when(table.ttl && all_.otp.retention < rules.ttl,
             which + " has ttl_seconds = " + std::to_string(rules.ttl.count()) +
                 ", more than otp.record_seconds: make that at least as much");
        check_texts(which, table);
        check_plan(which, table);
        if (!table.client.empty()) check_client(which, table, rules);
    }

private:
    /// Strangers to a client's own settings: it may only be stricter.
    void check_client(std::string const& which, purpose_settings const& table,
                      otp::scope_rules const& rules) {
        when(!has_client(all_, table.client),
             which + " is for client \"" + table.client + "\", which no [[client]] is");
        auto const usual = rules_of_all_clients(all_, table.name);
        auto const narrower = [&](bool is_so, char const* key, char const* how) {
            when(!is_so, which + " has a " + key + " that is " + how +
                             " than for other clients: a client's table may only narrow");
        };
        narrower(rules.code_length >= usual.code_length, "length", "shorter");
        narrower(rules.ttl <= usual.ttl, "ttl_seconds", "longer");
        narrower(rules.attempts_max <= usual.attempts_max, "max_attempts", "higher");
        narrower(rules.cooldown.base >= usual.cooldown.base, "cooldown_seconds", "shorter");
        when(!table.text.empty() || !table.plan.empty() || !table.variables.empty(),
             which + " has message_template, route_plan or variables: only the table for every "
                     "client may");
    }

    void check_texts(std::string const& which, purpose_settings const& table) {
        bool const has_other =
            std::ranges::any_of(all_.templates, [&](otp::message_template const& each) {
                return each.purpose == table.name && each.locale.text.empty();
            });
        when(!table.text.empty() && has_other,
             which + " has message_template, and there is a [[template]] of its purpose: leave one "
                     "of them out");
        when(!table.variables.empty() && table.name.starts_with(purpose::hook_prefix),
             which + " has variables, which no identity provider gives: leave them out");
        when(!table.variables.empty() && table.text.empty() && !has_other,
             which + " has variables and no text that says them: give it a message_template");
    }

    void check_plan(std::string const& which, purpose_settings const& table) {
        if (table.plan.empty()) return;
        when(std::ranges::find(all_.route_plans, table.plan, &otp::route_plan::name) ==
                 all_.route_plans.end(),
             which + " has route_plan \"" + table.plan + "\", which no [[route_plan]] is");
        for (auto const& plan : all_.route_plans)
            when(plan.name != table.plan && holds(plan.purposes, table.name),
                 which + " has route_plan \"" + table.plan + "\" and is a purpose of " +
                     named("route_plan", plan.name) + ": leave it out of one of them");
    }

    settings const& all_;
    std::set<std::pair<std::string, std::string>> names_; ///< purpose and client
};

} // namespace

otp::scope_rules rules_of(settings const& all, purpose_settings const& table) {
    auto rules = rules_of_all_clients(all, table.name);
    if (!table.client.empty()) apply(table, rules);
    return rules;
}

fault_lines check_purposes(settings const& all) {
    purpose_checks checks(all);
    for (auto const& each : all.purposes)
        checks.check(each);
    return std::move(checks.lines);
}

} // namespace otpd::app
