// What the tables of the file must be together, and with the other settings.

#include "otpd/api/authenticator.hpp"
#include "otpd/app/settings_keys.hpp"
#include "otpd/store/charge.hpp"
#include "settings_checks.hpp"
#include "settings_sources.hpp"
#include "settings_values.hpp"

#include <map>
#include <set>

namespace otpd::app {

std::string named(std::string_view table, std::string const& name) {
    return "[[" + std::string(table) + "]] \"" + name + '"';
}

bool there_is_a_client(settings const& all, std::string const& name) {
    bool const has_default = !all.auth.token.empty() || all.clients.empty();
    if (name == otp::client::default_name && has_default) return true;
    return std::ranges::any_of(
        all.clients, [&](client_settings const& client) { return client.profile.name == name; });
}

namespace {

// --- clients -------------------------------------------------------------------------------------

void check_client_names(settings const& all, fault_lines& faults) {
    std::set<std::string> names;
    for (auto const& [profile, tokens] : all.clients) {
        auto const which = named("client", profile.name);
        if (!names.insert(profile.name).second)
            faults.push_back(which + " is there twice: give each client a name of its own");
        if (profile.name == otp::client::default_name && !all.auth.token.empty())
            faults.push_back(which +
                             " is the client of auth.token: choose another name, or leave one of "
                             "them out");
    }
}

/// A token says who shows it.
void check_tokens(settings const& all, fault_lines& faults) {
    std::map<client_settings::token_digest, std::string> owners;
    auto const& token = all.auth.token;
    if (!token.empty()) owners.emplace(api::digest_of(token.reveal()), "auth.token");
    auto const& of_operator = all.admin.token;
    if (!of_operator.empty()) {
        bool const is_new =
            owners.emplace(api::digest_of(of_operator.reveal()), "admin.token").second;
        if (!is_new)
            faults.push_back("admin.token is auth.token, too: the operator's neither sends nor "
                             "verifies, give it one of its own");
    }
    for (auto const& [profile, tokens] : all.clients)
        for (auto const& digest : tokens) {
            auto const which = named("client", profile.name);
            auto const [owner, is_new] = owners.emplace(digest, which);
            if (is_new) continue;
            if (owner->second == which)
                faults.push_back(which + " has the same token twice: leave one of them out");
            else
                faults.push_back(which + " has a token of " + owner->second +
                                 ": give each client tokens of its own");
        }
}

void check_client_routes(settings const& all, fault_lines& faults) {
    for (auto const& [profile, tokens] : all.clients) {
        auto const which = named("client", profile.name);
        auto const& allowed = all.otp.allowed_routes;
        for (int const route : profile.routes)
            if (!holds(allowed, route))
                faults.push_back(which + " has route " + std::to_string(route) +
                                 ", which is not in otp.allowed_routes: add it there or leave it "
                                 "out");
        auto const& routes = profile.routes.empty() ? allowed : profile.routes;
        if (profile.default_route_id != 0 && !holds(routes, profile.default_route_id))
            faults.push_back(which +
                             " has default_route_id = " + std::to_string(profile.default_route_id) +
                             ", which is none of its routes: choose another");
        bool const uses_the_usual = profile.default_route_id == 0 && profile.default_plan.empty();
        if (uses_the_usual && !holds(routes, all.otp.default_route_id))
            faults.push_back(which + " may not use otp.default_route_id = " +
                             std::to_string(all.otp.default_route_id) +
                             ": give it a default_route_id");
    }
}

void check_client_countries(settings const& all, fault_lines& faults) {
    auto const& allowed = all.numbers.countries;
    if (allowed.empty()) return;
    for (auto const& [profile, tokens] : all.clients)
        for (auto const& country : profile.countries)
            if (!holds(allowed, country))
                faults.push_back(named("client", profile.name) + " has country " + country +
                                 ", which is not in numbers.countries: add it there or leave it "
                                 "out");
}

// --- countries -----------------------------------------------------------------------------------

/// Without the numbering plan no number has a country: nothing would be sent, or what is denied.
void check_countries_are_known(settings const& all, fault_lines& faults) {
    if (all.numbers.checked) return;
    auto const add = [&](std::string const& what) {
        faults.push_back(what + " needs numbers.check = true: without it no country is known");
    };
    auto const names_country = [](std::vector<otp::destination> const& list) {
        return std::ranges::any_of(list, &otp::destination::is_country);
    };
    if (!all.numbers.countries.empty()) add("numbers.countries");
    if (names_country(all.numbers.denied)) add("a country in numbers.denied");
    if (names_country(all.numbers.trusted)) add("a country in numbers.trusted");
    for (auto const& [profile, tokens] : all.clients)
        if (!profile.countries.empty()) add("countries of " + named("client", profile.name));
    for (auto const& each : all.own_limits)
        if (each.key == otp::limit_key::country)
            add("key = \"country\" of " + named("limit", each.name));
}

// --- limits --------------------------------------------------------------------------------------

void check_limits(settings const& all, fault_lines& faults) {
    std::set<std::string> names{store::cooldown_counter, store::guesses_counter,
                                otp::read_limit_name, daily_cap_name};
    for (auto const& each : built_in_limits())
        names.emplace(each.name);
    for (auto const& each : all.own_limits) {
        auto const which = named("limit", each.name);
        if (!names.insert(each.name).second || each.name.starts_with("pumping_"))
            faults.push_back(which + ": there is a limit of that name already, choose another");
        if (!each.client.empty() && !there_is_a_client(all, each.client))
            faults.push_back(which + " is for client \"" + each.client +
                             "\", which no [[client]] is");
    }
}

// --- templates -----------------------------------------------------------------------------------

/// What may stand behind a text of the purpose, or of any.
std::vector<otp::message_tail> tails_for(settings const& all, std::string const& purpose) {
    std::vector<otp::message_tail> tails;
    auto const add_hosts = [&](std::vector<std::string> const& hosts) {
        for (auto const& host : hosts)
            if (auto tail = otp::message_tail::web_otp_for(host)) tails.push_back(*std::move(tail));
    };
    add_hosts(all.auth.web_otp_hosts);
    for (auto const& [profile, tokens] : all.clients)
        if (purpose.empty() || profile.purposes.empty() || holds(profile.purposes, purpose)) {
            tails.push_back(profile.tail);
            add_hosts(profile.web_otp_hosts);
        }
    return tails;
}

std::string name_of(otp::message_template const& text) {
    std::string out = "[[template]]";
    if (!text.purpose.empty()) out += " of purpose \"" + text.purpose + '"';
    if (!text.locale.text.empty()) out += " of locale \"" + text.locale.text + '"';
    return out;
}

void check_template(std::string const& which, otp::message_template const& text,
                    settings const& all, fault_lines& faults) {
    auto const why = otp::messages::fault_of(text.text, static_cast<std::size_t>(all.otp.length),
                                             all.otp.ttl, tails_for(all, text.purpose));
    if (why)
        faults.push_back(which + " = " + values::quoted_for_message(text.text) + ' ' + *why +
                         " (with the code and the autofill suffix of its clients)");
}

void check_templates(settings const& all, fault_lines& faults) {
    check_template("otp.message_template", {"", {}, all.otp.message_template}, all, faults);
    std::set<std::pair<std::string, std::string>> there;
    for (auto const& each : all.templates) {
        auto const which = name_of(each);
        if (each.purpose.empty() && each.locale.text.empty())
            faults.push_back(which + " needs a purpose or a locale: the text of all others is "
                                     "otp.message_template");
        else if (!there.emplace(each.purpose, each.locale.text).second)
            faults.push_back(which + " is there twice: leave one of them out");
        check_template(which, each, all, faults);
    }
}

// --- test numbers --------------------------------------------------------------------------------

void check_test_numbers(settings const& all, fault_lines& faults) {
    std::set<std::string> there;
    for (auto const& each : all.test_numbers) {
        auto const which = named("test_number", each.number.masked());
        if (!there.insert(each.number.digits()).second)
            faults.push_back(which + " is there twice: leave one of them out");
        if (each.code.reveal().size() != static_cast<std::size_t>(all.otp.length))
            faults.push_back(which + " has a code that does not have the " +
                             std::to_string(all.otp.length) + " digits of otp.length");
    }
}

constexpr void (*checks[])(settings const&, fault_lines&) = {
    check_client_names,        check_tokens, check_client_routes, check_client_countries,
    check_countries_are_known, check_limits, check_templates,     check_test_numbers};

} // namespace

fault_lines check_tables(settings const& all) {
    fault_lines faults;
    for (auto const check : checks)
        check(all, faults);
    return faults;
}

} // namespace otpd::app
