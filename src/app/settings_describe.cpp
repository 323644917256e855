// Settings as people and the log see them: what they are, what has changed, what should be known.

#include "otpd/core/encoding.hpp"
#include "settings_rows.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace otpd::app {

namespace {

std::string or_word(std::string text, char const* otherwise) {
    return text.empty() ? otherwise : std::move(text);
}

std::string route_text(int route) {
    return route == 0 ? "usual" : std::to_string(route);
}

std::string price_text(std::optional<money> const& price) {
    return price ? to_decimal(*price) : "any";
}

setting_line line_of(client_settings const& from) {
    auto const& [profile, tokens] = from;
    auto const count = tokens.size() == 1 ? "1 token" : std::to_string(tokens.size()) + " tokens";
    return {"client." + profile.name,
            count + "; purposes: " + or_word(rules::joined(profile.purposes), "any") +
                "; routes: " + or_word(rules::joined(profile.routes), "allowed") +
                "; default route: " + route_text(profile.default_route_id) +
                "; default plan: " + or_word(profile.default_plan, "usual") +
                "; countries: " + or_word(rules::joined(profile.countries), "allowed") +
                "; caller id: " + or_word(profile.caller_id, "usual") +
                "; max price: " + price_text(profile.max_price) + "; app hash: " +
                or_word(profile.web_otp_hosts.empty() ? profile.tail.text : "", "none") +
                "; web otp hosts: " + or_word(rules::joined(profile.web_otp_hosts), "none")};
}

setting_line line_of(otp::limit const& from) {
    return {"limit." + from.name,
            std::to_string(from.quota) + " in " + std::to_string(from.window.count()) +
                " seconds; key: " + rules::word_for(rules::limit_keys, from.key) +
                "; step: " + rules::word_for(rules::limit_steps, from.step) +
                "; mode: " + rules::word_for(rules::limit_modes, from.mode) +
                "; client: " + or_word(from.client, "any")};
}

setting_line line_of(otp::message_template const& from) {
    return {"template." + or_word(from.purpose, "any") + '.' + or_word(from.locale.text, "any"),
            from.text};
}

setting_line line_of(test_number_settings const& from) {
    return {"test_number." + from.number.masked(), "until " + values::format_date(from.until)};
}

std::string text_of(otp::best_rule const& best) {
    return rules::word_for(rules::best_orders, best.order) + " of " + rules::joined(best.routes) +
           " with verified share " + values::format_number(best.min_verified_share) + " and " +
           std::to_string(best.min_samples) + " samples in " + std::to_string(best.window.count()) +
           " seconds";
}

/// The route, and in brackets what else is set.
std::string text_of(otp::route_step const& step) {
    std::vector<std::string> more;
    if (!step.caller_id.empty()) more.push_back("caller id " + step.caller_id);
    if (!step.countries.empty()) more.push_back("countries " + rules::joined(step.countries));
    if (step.max_price) more.push_back("max price " + price_text(step.max_price));
    if (step.timeout.count() > 0) more.push_back(std::to_string(step.timeout.count()) + " ms");
    std::string out;
    for (auto const& each : more)
        out += (out.empty() ? " (" : ", ") + each;
    return (step.best ? text_of(*step.best) : std::to_string(step.route_id)) + out +
           (out.empty() ? "" : ")");
}

setting_line line_of(otp::route_plan const& from) {
    std::string steps;
    for (auto const& step : from.steps)
        steps += (steps.empty() ? "" : ", then ") + text_of(step);
    return {"route_plan." + from.name,
            steps + "; purposes: " + or_word(rules::joined(from.purposes), "none")};
}

setting_line line_of(otp::spending_budget const& from) {
    return {"budget." + from.name, to_decimal(from.cap) + " in a " +
                                       rules::word_for(rules::budget_periods, from.period) +
                                       "; key: " + rules::word_for(rules::budget_keys, from.key) +
                                       "; only: " + or_word(from.only, "any") +
                                       "; mode: " + rules::word_for(rules::limit_modes, from.mode)};
}

/// Without the path: it may be what keeps strangers away.
std::string host_of(webhook_settings const& from) {
    auto const begin = from.url.find("://") + 3;
    return from.url.substr(0, from.url.find_first_of("/?", begin));
}

setting_line line_of(webhook_settings const& from) {
    auto const count =
        from.secrets.size() == 1 ? "1 secret" : std::to_string(from.secrets.size()) + " secrets";
    return {"webhook." + from.name,
            host_of(from) + "; " + count +
                "; events: " + or_word(rules::joined(from.events), "all") +
                "; client: " + or_word(from.client, "any") +
                "; private addresses: " + (from.allow_private ? "yes" : "no") +
                "; ca file: " + or_word(from.ca_file, "the system's")};
}

/// What a line does not tell and may have changed all the same.
std::string untold(client_settings const& from) {
    std::string out;
    for (auto const& digest : from.tokens)
        out += to_hex(digest);
    return out;
}
std::string untold(otp::limit const&) {
    return {};
}
std::string untold(otp::message_template const&) {
    return {};
}
std::string untold(otp::route_plan const&) {
    return {};
}
std::string untold(otp::spending_budget const&) {
    return {};
}
std::string untold(webhook_settings const& from) {
    auto out = from.url;
    for (auto const& secret : from.secrets)
        out += '\n' + secret.reveal();
    return out;
}
std::string untold(test_number_settings const& from) {
    return from.number.digits() + ' ' + std::string(from.code.reveal());
}

/// Adds the keys of entries that only one of the lists has.
template <class Entry>
void compare(std::vector<Entry> const& before, std::vector<Entry> const& after,
             std::vector<std::string>& changed) {
    using whole_entry = std::pair<std::string, std::string>; // its key and all there is of it
    auto const all_of = [](std::vector<Entry> const& list) {
        std::set<whole_entry> entries;
        for (auto const& each : list) {
            auto const line = line_of(each);
            entries.emplace(line.key, line.value + '\n' + values::digest_of(untold(each)));
        }
        return entries;
    };
    auto const old_ones = all_of(before);
    auto const new_ones = all_of(after);
    std::vector<whole_entry> differing;
    std::ranges::set_symmetric_difference(old_ones, new_ones, std::back_inserter(differing));
    for (auto& [key, rest] : differing)
        if (changed.empty() || changed.back() != key) changed.push_back(std::move(key));
}

} // namespace

std::vector<setting_line> describe(settings const& from) {
    std::vector<setting_line> lines;
    for (auto const& key : setting_keys())
        lines.push_back({key.path(), key.show(from)});
    auto const add = [&](auto const& entries) {
        for (auto const& each : entries)
            lines.push_back(line_of(each));
    };
    add(from.clients);
    add(from.own_limits);
    add(from.templates);
    add(from.test_numbers);
    add(from.route_plans);
    add(from.budgets);
    add(from.webhook_endpoints);
    return lines;
}

std::vector<std::string> changed_keys(settings const& before, settings const& after) {
    std::vector<std::string> changed;
    for (auto const& key : setting_keys())
        if (key.show(before) != key.show(after) ||
            (key.digest != nullptr && key.digest(before) != key.digest(after)))
            changed.push_back(key.path());
    compare(before.clients, after.clients, changed);
    compare(before.own_limits, after.own_limits, changed);
    compare(before.templates, after.templates, changed);
    compare(before.test_numbers, after.test_numbers, changed);
    compare(before.route_plans, after.route_plans, changed);
    compare(before.budgets, after.budgets, changed);
    compare(before.webhook_endpoints, after.webhook_endpoints, changed);
    return changed;
}

std::vector<std::string> settings_notes(settings const& from, std::chrono::sys_days today) {
    std::vector<std::string> notes;
    for (auto const& each : from.test_numbers)
        if (each.until < today)
            notes.push_back("[[test_number]] " + each.number.masked() + " ended with " +
                            values::format_date(each.until) +
                            ": it is a number as any other and gets an SMS");
    if (!from.clients.empty() && from.admin.token.empty())
        notes.emplace_back("with a [[client]] nobody sees account, budgets and scores through the "
                           "API: set admin.token for the admin listener");
    if (from.limits.enabled && from.pumping.enabled &&
        from.pumping.mode == otp::limit_mode::observe)
        notes.emplace_back(
            "pumping.mode = observe: pumped SMS are logged and counted, not refused; "
            "set it to enforce once your countries have some weeks of history");
    return notes;
}

} // namespace otpd::app
