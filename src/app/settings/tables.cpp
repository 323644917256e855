// The tables that the configuration file may have any number of times: a row for each, and what
// their structs cannot declare.

#include "settings.hpp"
#include "sources.hpp"

#include <algorithm>
#include <concepts>
#include <iterator>

namespace otpd::app {

namespace {

template <class Entry>
using entry_keys = std::vector<key_of<Entry>>;

/// The table and a position: the start of every message about it.
std::string place_of(found_table const& table, std::string const& source) {
    return source + ": " + table.title + (table.is_part ? ": " : " ");
}

std::string place_of(found_table const& table, key_words const& key, found_value const* value) {
    if (value == nullptr) return place_of(table, table.source) + "lacks " + key.name;
    return place_of(table, value->source) + key.name + shown_value(key, *value);
}

/// A table while its entry is read.
template <class Entry>
struct entry_place {
    found_table const& table;
    entry_keys<Entry> const& keys;
    reading& with;

    [[nodiscard]] bool has(std::string const& key) const { return table.values.contains(key); }
    /// Refuses a value that is allowed on its own.
    void refuse(std::string const& name) const {
        auto const& key = *std::ranges::find(keys, name, &key_words::name);
        auto const& value = table.values.at(name);
        with.faults.push_back(place_of(table, key, &value) + ": " + fault_of(key, value));
    }
};
/// Completes an entry after all its values were read.
template <class Entry>
using finisher = void (*)(Entry& entry, entry_place<Entry> const& place);

/// Returns the entry, or nothing and a line for each fault.
template <class Entry>
std::optional<Entry> read_entry(found_table const& table, entry_keys<Entry> const& keys,
                                finisher<Entry> finish, reading& with) {
    Entry entry;
    auto const before = with.faults.size();
    auto const find = [&](key_words const& key) -> std::optional<found_value> {
        auto const value = table.values.find(key.name);
        if (value == table.values.end()) return std::nullopt;
        return value->second;
    };
    auto const where = [&](key_words const& key, found_value const* value) {
        return place_of(table, key, value);
    };
    read_keys(std::span<key_of<Entry> const>(keys), entry, find, where, with);
    if (finish != nullptr) finish(entry, {table, keys, with});
    if (with.faults.size() > before) return std::nullopt;
    return entry;
}

/// `name = value` for each value that differs from the default. The entry's name is printed
/// elsewhere.
template <class Entry>
std::string shown(Entry const& entry, entry_keys<Entry> const& keys, std::string_view separator) {
    static Entry const usual{};
    std::string out;
    for (auto const& key : keys)
        if (auto const value = key.show(entry);
            key.name != "name" && (key.is_required || value != key.show(usual)))
            out.append(out.empty() ? "" : separator).append(key.name + " = " + value);
    return out;
}

// --- [[client]], [[budget]] ---------------------------------------------------------------------

void finish_client(api::credential& entry, entry_place<api::credential> const& place) {
    auto& client = entry.profile;
    bool const has_hosts = !client.web_otp_hosts.empty();
    if (has_hosts && client.suffix.type == otp::autofill_suffix::kind::app_hash)
        place.refuse("app_hash");
    if (has_hosts) client.suffix = default_suffix_of(client.web_otp_hosts);
}

/// The canonical form; nothing if the text cannot be a value of `key`.
std::optional<std::string> parse_only(otp::budget_key key, std::string const& text) {
    switch (key) {
    case otp::budget_key::total:
        return std::nullopt;
    case otp::budget_key::client:
        return notations::client_name().parse(text);
    case otp::budget_key::purpose:
        return values::parse_purpose(text);
    case otp::budget_key::route:
        if (auto const route = values::parse_route(text)) return std::to_string(*route);
        return std::nullopt;
    case otp::budget_key::country:
        break;
    }
    return values::parse_country(text);
}

/// The valid form of `only` is known only with a good `key`.
void finish_budget(otp::spending_budget& budget, entry_place<otp::spending_budget> const& place) {
    auto const key = place.table.values.find("key");
    bool const knows_key = key != place.table.values.end() && key->second.usable &&
                           holds(otp::budget_key_names, key->second.text);
    if (budget.only.empty() || !knows_key) return;
    if (auto only = parse_only(budget.key, budget.only))
        budget.only = *std::move(only);
    else
        place.refuse("only");
}

// --- [[route_plan]], whose steps are tables -----------------------------------------------------

/// A step before it is known whether it names a route or selects the best of several.
struct step_entry {
    otp::route_step step;
    std::optional<otp::best_rule::by> order;
    otp::best_rule best;

    static void declare(declaration<step_entry> all) {
        using otp::best_rule;
        using otp::route_step;
        auto const keys = all.part(&step_entry::step);
        auto const best = all.part(&step_entry::best);
        keys.add("route", &route_step::route_id, keys.route_unless_zero(), "The step's route.")
            .like("8");
        auto order =
            keys.optional_of(notations::word<best_rule::by>(words<2>{"cheapest", "fastest"}));
        order.allowed += ", with routes and not with route";
        all.add("best", &step_entry::order, order,
                "Instead of route: the best of several, by cost per verified code or by seconds to "
                "delivery.")
            .instead_of("route", "cheapest");
        best.add("routes", &best_rule::routes, keys.ranked_routes(),
                 "With best: the routes to choose from. The first is taken while there are too few "
                 "figures.")
            .instead_of("route", "3,1");
        best.number("min_verified_share", &best_rule::min_verified_share, 0, 1,
                    "With best: routes with a smaller share of verified codes are left out.")
            .instead_of("route", "0.4");
        best.whole("min_samples", &best_rule::min_samples, 1, 1'000'000,
                   "With best: routes with fewer accepted samples are left out too; if unset: 20.")
            .instead_of("route", "50");
        best.whole("window_seconds", &best_rule::window, 3600, 86'400,
                   "With best: how far back the figures go; if unset: a day.")
            .instead_of("route", "86400");
        keys.add("caller_id", &route_step::caller_id, keys.caller_id(),
                 "Sender of the SMS in this step, instead of the client's.")
            .like("YOURAPP");
        keys.add("countries", &route_step::countries, keys.countries(),
                 "Countries that the step is for; numbers of others skip it. Empty: all.")
            .like("NL,BE");
        keys.add("max_price", &route_step::max_price, keys.optional_of(keys.price()),
                 "Highest price of the step; a send skips it if its price is higher.")
            .like("0.1");
        keys.whole("timeout_ms", &route_step::timeout, 100, 120'000, // of bridgexapi.timeout
                   "How long the step may take; if unset: what is left of bridgexapi.timeout.")
            .like("5000");
        keys.whole("deliver_within_seconds", &route_step::deliver_within, 5, 600,
                   "A message neither delivered nor typed by then has not arrived; the next send "
                   "to the number for the purpose begins after this step. If unset: 60.")
            .like("30");
    }
};

template <class Entry>
entry_keys<Entry> keys_of(std::string_view table) {
    entry_keys<Entry> keys;
    Entry::declare(declaration<Entry>(table, keys));
    add_file_keys(keys);
    return keys;
}

entry_keys<step_entry> const& step_keys() {
    static auto const keys = keys_of<step_entry>("step");
    return keys;
}

/// Returns a line if a step is neither one route nor the best of several.
std::optional<std::string> fault_of_choice(entry_place<step_entry> const& step) {
    if (!step.has("route") && !step.has("best")) return "needs a route, or best and routes";
    if (step.has("route") && step.has("best")) return "has route and best: leave one of them out";
    if (step.has("best") && !step.has("routes"))
        return "has best and no routes: name those it chooses from";
    if (step.has("best")) return std::nullopt;
    for (auto const& key : step.keys)
        if (!key.alternative.empty() && step.has(key.name))
            return "has " + key.name + ", which goes with best only";
    return std::nullopt;
}

void finish_step(step_entry& entry, entry_place<step_entry> const& place) {
    if (auto const fault = fault_of_choice(place))
        place.with.faults.push_back(place_of(place.table, place.table.source) + *fault);
    if (!entry.order) return;
    entry.best.order = *entry.order;
    entry.step.best = entry.best;
}

std::string show_steps(std::vector<otp::route_step> const& steps) {
    std::string out;
    for (auto const& step : steps) {
        step_entry entry{step, std::nullopt, step.best.value_or(otp::best_rule())};
        if (step.best) entry.order = step.best->order;
        out += (out.empty() ? "{" : ", {") + shown(entry, step_keys(), ", ") + '}';
    }
    return out;
}

/// Steps are not texts: finish_plan() reads them.
template <>
entry_keys<otp::route_plan> keys_of<otp::route_plan>(std::string_view table) {
    entry_keys<otp::route_plan> keys;
    declaration<otp::route_plan> const to(table, keys);
    otp::route_plan::declare(to);
    notation<std::vector<otp::route_step>> const how{
        {value_kind::table_list, "1 to 8 steps"},
        [](std::string_view) { return std::vector<otp::route_step>(); },
        show_steps};
    auto& steps = to.add(
        "steps", &otp::route_plan::steps, how,
        "Its steps. A send takes the next step only if the one before certainly did not send.");
    steps.needed("[{route = 8, caller_id = \"YOURAPP\"}, {route = 1}, {route = 3}]");
    steps.part = "step";
    steps.parts.assign(step_keys().begin(), step_keys().end());
    return keys;
}

void finish_plan(otp::route_plan& plan, entry_place<otp::route_plan> const& place) {
    auto const found = place.table.values.find("steps");
    if (found == place.table.values.end() || !found->second.usable) return; // reported already
    if (found->second.tables.size() > otp::route_plan::max_steps) place.refuse("steps");
    for (auto const& table : found->second.tables)
        if (auto entry = read_entry(table, step_keys(), finish_step, place.with))
            plan.steps.push_back(std::move(entry->step));
}

// --- all of them --------------------------------------------------------------------------------

/// The titles of the entries of `a` that `b` does not have unchanged.
template <class Entry, class Title>
void add_differences(std::vector<Entry> const& a, std::vector<Entry> const& b,
                     entry_keys<Entry> const& keys, Title title, std::vector<std::string>& titles) {
    auto const is_in_b = [&](Entry const& one) {
        return std::ranges::any_of(b, [&](Entry const& other) {
            if constexpr (std::equality_comparable<Entry>)
                if (!(one == other)) return false; // it has more than its keys
            return std::ranges::all_of(keys, [&](auto const& key) { return key.same(one, other); });
        });
    };
    for (auto const& entry : a)
        if (!is_in_b(entry) && !holds(titles, title(entry))) titles.push_back(title(entry));
}

/// `entries` is a member of the settings or returns one; `title_of` names an entry in lists.
template <class Entry, class Member>
table_kind kind_of(std::string name, std::string help, std::string more, Member entries,
                   std::string (*title_of)(Entry const&), finisher<Entry> finish = nullptr) {
    auto const keys = keys_of<Entry>(name);
    auto const title = [name, title_of](Entry const& of) { return name + '.' + title_of(of); };
    table_kind out{name, std::move(help), std::move(more), {keys.begin(), keys.end()}, {}, {}, {}};
    out.read = [=](found_table const& table, settings& to, reading& with) {
        if (auto entry = read_entry(table, keys, finish, with))
            std::invoke(entries, to).push_back(*std::move(entry));
    };
    out.describe = [=](settings const& from) {
        std::vector<setting_line> lines;
        for (auto const& entry : std::invoke(entries, from))
            lines.push_back({title(entry), shown(entry, keys, "; ")});
        return lines;
    };
    out.differences = [=](settings const& a, settings const& b) {
        std::vector<std::string> titles;
        add_differences(std::invoke(entries, a), std::invoke(entries, b), keys, title, titles);
        add_differences(std::invoke(entries, b), std::invoke(entries, a), keys, title, titles);
        return titles;
    };
    return out;
}

template <class Entry>
std::string name_in(Entry const& of) {
    return of.name;
}

std::string or_any(std::string const& text) {
    return text.empty() ? "any" : text;
}

} // namespace

std::span<table_kind const> table_kinds() {
    static std::vector<table_kind> const all{
        kind_of<api::credential>(
            "client",
            "A program that may call the API, besides the holder of auth.token. Its verifications "
            "are its own.",
            "[API clients](operations.md#api-clients)", &settings::clients,
            [](auto const& of) { return of.profile.name; }, finish_client),
        kind_of<otp::limit>(
            "limit", "A limit of your own, besides those of [limits].",
            "[Limits](limits.md#limits-of-your-own)",
            [](auto& in) -> auto& { return in.otp.limits; }, name_in),
        kind_of<otp::message_template>(
            "template", "Text for a purpose, a language or both, instead of otp.message_template.",
            "[the message](for-application-developers.md#autofill)", &settings::templates,
            [](auto const& of) { return or_any(of.purpose) + '.' + or_any(of.locale.text); }),
        kind_of<purpose_settings>(
            "purpose", "What differs from [otp] for codes of one purpose.",
            "[Purposes](limits.md#purposes)", &settings::purposes,
            [](auto const& of) { return of.name + (of.client.empty() ? "" : '.' + of.client); }),
        kind_of<test_number_settings>(
            "test_number",
            "A number that gets no SMS and always has the same code, for app reviewers and for "
            "monitoring.",
            "[Test numbers](operations.md#test-numbers)", &settings::test_numbers,
            [](auto const& of) { return of.number->masked(); }),
        kind_of<otp::route_plan>(
            "route_plan", "The routes that a send may take, in order. It takes no other.",
            "[Routes](routes.md#which-route-a-send-takes)",
            [](auto& in) -> auto& { return in.otp.plans; }, name_in, finish_plan),
        kind_of<otp::spending_budget>(
            "budget", "How much may be spent on SMS.", "[Budgets](routes.md#budgets)",
            [](auto& in) -> auto& { return in.otp.budgets; }, name_in, finish_budget),
        kind_of<webhook::endpoint>(
            "webhook",
            "A server that receives the events of verifications, signed as Standard Webhooks say.",
            "[Webhooks](routes.md#webhooks)", &settings::webhook_endpoints, name_in),
        kind_of<api::hook>(
            "hook", "An identity provider that has otpd send the codes which it makes and checks.",
            "[Identity providers](identity-providers.md)", &settings::hooks,
            [](auto const& of) { return of.client + '.' + std::string(to_string(of.provider)); }),
    };
    return all;
}

} // namespace otpd::app
