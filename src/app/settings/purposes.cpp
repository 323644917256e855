// [[purpose]] and [[template]]: the rules and texts of a purpose, and what they must hold.

#include "checks.hpp"
#include "otpd/core/purpose.hpp"

#include <algorithm>

namespace otpd::app {

namespace {

purpose_settings const* table_of_all_clients(settings const& all, std::string const& purpose) {
    auto const found =
        std::ranges::find_if(all.purposes, [&](purpose_settings const& purpose_settings) {
            return purpose_settings.name == purpose && purpose_settings.client.empty();
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

/// Whether there is a [[template]] of the purpose for every language.
bool has_template(settings const& all, std::string const& purpose) {
    return std::ranges::any_of(all.templates, [&](otp::message_template const& message_template) {
        return message_template.purpose == purpose && message_template.locale.text.empty();
    });
}

class purpose_checks : public table_refusals {
public:
    using table_refusals::table_refusals;

    void check(purpose_settings const& table) {
        auto which = named("purpose", table.name);
        if (!table.client.empty()) which += " of client \"" + table.client + '"';
        once(which, table.client + ':' + table.name);
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
        check_client_of(which, table.client);
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
        bool const has_other = has_template(all_, table.name);
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
        plan_of(which, "route_plan", table.plan);
        for (auto const& plan : all_.otp.plans)
            when(plan.name != table.plan && holds(plan.purposes, table.name),
                 which + " has route_plan \"" + table.plan + "\" and is a purpose of " +
                     named("route_plan", plan.name) + ": leave it out of one of them");
    }
};

class text_checks : public table_refusals {
public:
    using table_refusals::table_refusals;

    void check() {
        check_text("otp.message_template", all_.otp.templates.front());
        for (auto const& purpose : all_.purposes)
            if (!purpose.text.empty())
                check_text(named("purpose", purpose.name) + " message_template",
                           {purpose.name, {}, purpose.text});
        for (auto const& entry : all_.templates) {
            std::string which = "[[template]]";
            if (!entry.purpose.empty()) which += " of purpose \"" + entry.purpose + '"';
            if (!entry.locale.text.empty()) which += " of locale \"" + entry.locale.text + '"';
            bool const is_general = entry.purpose.empty() && entry.locale.text.empty();
            when(is_general, which + " needs a purpose or a locale: the text of all others is "
                                     "otp.message_template");
            if (!is_general) once(which, which);
            check_text(which, entry);
        }
    }

private:
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
        return has_template(all_, purpose) ||
               std::ranges::any_of(all_.purposes, [&](purpose_settings const& purpose_settings) {
                   return purpose_settings.name == purpose && !purpose_settings.text.empty();
               });
    }

    /// The rules of the codes that a text of this purpose, or of every purpose, may have.
    [[nodiscard]] std::vector<otp::scope_rules> rules_for(std::string const& purpose) const {
        std::vector<otp::scope_rules> list;
        bool has_table = false;
        for (auto const& entry : all_.purposes) {
            bool const is_of_it = entry.name == purpose;
            has_table = has_table || (is_of_it && entry.client.empty());
            if (is_of_it ||
                (purpose.empty() && entry.variables.empty() && !has_own_text(entry.name)))
                list.push_back(rules_of(all_, entry));
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
};

} // namespace

otp::scope_rules rules_of(settings const& all, purpose_settings const& table) {
    auto rules = rules_of_all_clients(all, table.name);
    if (!table.client.empty()) apply(table, rules);
    return rules;
}

fault_lines check_texts(settings const& all) {
    text_checks checks(all);
    checks.check();
    return std::move(checks.lines);
}

fault_lines check_purposes(settings const& all) {
    purpose_checks checks(all);
    for (auto const& purpose : all.purposes)
        checks.check(purpose);
    return std::move(checks.lines);
}

} // namespace otpd::app
