// The tables that the configuration file may have any number of times, and their keys.

#include "otpd/core/encoding.hpp"
#include "otpd/core/passcode.hpp"
#include "settings_sources.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <concepts>
#include <iterator>

namespace otpd::app {

namespace {

template <class Entry>
using entry_keys = std::vector<key_of<Entry>>;
/// Completes an entry after all its values were read.
template <class Entry>
using finisher = void (*)(Entry& entry, found_table const& table, entry_keys<Entry> const& keys,
                          reading& with);

/// The table and its position: the start of every message about it.
std::string place_and_title(found_table const& table) {
    return table.source + ": " + table.title + (table.is_part ? ": " : " ");
}

std::string place_of(found_table const& table, key_words const& key, found_value const* value) {
    if (value == nullptr) return place_and_title(table) + "lacks " + key.name;
    return value->source + ": " + table.title + (table.is_part ? ": " : " ") + key.name +
           (key.is_concealed() ? "" : " = " + values::quoted_for_message(value->text));
}

/// Checks a value that is allowed on its own.
template <class Entry>
void refuse(std::string const& name, found_table const& table, entry_keys<Entry> const& keys,
            reading& with) {
    auto const& key = *std::ranges::find(keys, name, &key_words::name);
    auto const& value = table.values.at(name);
    with.faults.push_back(place_of(table, key, &value) + ": " + fault_of(key, value));
}

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
    if (finish != nullptr) finish(entry, table, keys, with);
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

template <class Entry>
bool same(Entry const& a, Entry const& b, entry_keys<Entry> const& keys) {
    if constexpr (std::equality_comparable<Entry>)
        if (!(a == b)) return false; // it has more than its keys
    return std::ranges::all_of(keys, [&](auto const& key) { return key.same(a, b); });
}

template <class Entry>
struct table {
    std::string name;
    std::string help;
    void (*declare)(declaration<Entry> keys);
    std::vector<Entry> (*entries)(settings const& settings);
    void (*add)(settings& to, Entry entry);
    std::string (*title)(Entry const& of);
    finisher<Entry> finish = nullptr;
};

template <class Entry>
entry_keys<Entry> keys_from(std::string const& name, void (*declare)(declaration<Entry>)) {
    entry_keys<Entry> keys;
    declare(declaration<Entry>(name, keys));
    add_file_keys(keys);
    return keys;
}

/// The entries of `a` that `b` does not have unchanged.
template <class Entry>
void add_differences(std::vector<Entry> const& a, std::vector<Entry> const& b,
                     table<Entry> const& of, entry_keys<Entry> const& keys,
                     std::vector<std::string>& titles) {
    for (auto const& each : a) {
        bool const is_in_both =
            std::ranges::any_of(b, [&](Entry const& other) { return same(each, other, keys); });
        auto title = of.name + '.' + of.title(each);
        if (!is_in_both && std::ranges::find(titles, title) == titles.end())
            titles.push_back(std::move(title));
    }
}

template <class Entry>
table_kind kind_of(table<Entry> of) {
    auto const keys = keys_from(of.name, of.declare);
    table_kind out;
    out.name = of.name;
    out.help = of.help;
    out.keys.assign(keys.begin(), keys.end());
    out.read = [=](found_table const& table, settings& to, reading& with) {
        if (auto entry = read_entry(table, keys, of.finish, with)) of.add(to, *std::move(entry));
    };
    out.describe = [=](settings const& settings) {
        std::vector<setting_line> lines;
        for (auto const& each : of.entries(settings))
            lines.push_back({of.name + '.' + of.title(each), shown(each, keys, "; ")});
        return lines;
    };
    out.differences = [=](settings const& a, settings const& b) {
        std::vector<std::string> titles;
        add_differences(of.entries(a), of.entries(b), of, keys, titles);
        add_differences(of.entries(b), of.entries(a), of, keys, titles);
        return titles;
    };
    return out;
}

constexpr std::size_t max_name = otp::client::max_name_length;
constexpr char const* name_rule = "1 to 32 lower-case letters, digits, _ and -";
constexpr char const* plain_name_rule = "1 to 32 lower-case letters, digits and _";
constexpr char const* client_rule =
    "the name of a [[client]], or default for the holder of auth.token";

// --- [[client]] ---------------------------------------------------------------------------------

notation<std::vector<secret_digest>> token_digests() {
    notation<secret_digest> item;
    item.kind = value_kind::text;
    item.parse = [](std::string_view text) -> std::optional<secret_digest> {
        secret_digest digest{};
        if (!from_hex(text, digest)) return std::nullopt;
        return digest;
    };
    // An old token and its successor. check_tables() refuses equal ones.
    auto out = notations::list_of(item, "one or two different SHA-256 hashes in hexadecimal",
                                  {.least = 1, .most = 2, .is_sorted = false, .may_repeat = true});
    out.show = [](std::vector<secret_digest> const& list) {
        return std::to_string(list.size()) + " set";
    };
    return out;
}

notation<otp::autofill_suffix> app_hash() {
    return {value_kind::text, "11 characters of base64; not with web_otp_hosts",
            otp::autofill_suffix::app_hash_of, [](otp::autofill_suffix const& suffix) {
                return suffix.type == otp::autofill_suffix::kind::app_hash ? suffix.text
                                                                           : std::string();
            }};
}

notation<int> route_unless_zero() {
    auto out = notations::route();
    out.show = [](int route) { return route == 0 ? std::string() : std::to_string(route); };
    return out;
}

void declare_client(declaration<client_settings> all) {
    auto const keys = all.part(&client_settings::profile);
    using client = otp::client;
    keys.add("name", &client::name, notations::name("_-", max_name, name_rule),
             "Its name in the log and in limits. With a new name it is another client.")
        .needed("shop");
    all.add("token_sha256", &client_settings::tokens, token_digests(),
            "Hashes of its bearer tokens (printf %s \"$TOKEN\" | sha256sum); two while one is "
            "being replaced.")
        .needed("9a3fb0e5fbe9cf1de24fa47dd9cb6b1e3bb9f5b6da8cbb1cf1fb4d1ca1e2ff00")
        .is_hidden = true;
    keys.purposes("purposes", &client::purposes, "Purposes that it may send codes for; empty: any.")
        .like("login,payment");
    keys.add("routes", &client::routes, notations::routes(),
             "Routes that it may name; empty: otp.allowed_routes.")
        .like("3,5");
    keys.countries("countries", &client::countries,
                   "Countries that it may send to; empty: numbers.countries.")
        .like("NL,BE");
    keys.caller_id("caller_id", &client::caller_id,
                   "Sender of its SMS, instead of otp.default_caller_id.")
        .like("MYSHOP");
    keys.add("default_route_id", &client::default_route_id, route_unless_zero(),
             "Route of its sends that name none, instead of otp.default_route_id.")
        .like("5");
    keys.add("default_route_plan", &client::default_plan,
             notations::name("_-", otp::route_plan::max_name_length,
                             "the name of a [[route_plan]]; not with default_route_id"),
             "Instead of default_route_id: the [[route_plan]] of its sends that name neither a "
             "route nor a plan.")
        .instead_of("default_route_id", "login");
    keys.add("max_price", &client::max_price, notations::optional_of(notations::price()),
             "Highest price of one of its SMS, as far as prices are known.")
        .like("0.12");
    keys.add("web_otp_hosts", &client::web_otp_hosts, notations::web_otp_hosts(),
             "Sites that its sends may name in the autofill suffix, the last line by which "
             "browsers fill the code in (WebOTP). If it is only one, sends that name none use it.")
        .like("shop.example,pay.example");
    keys.add("app_hash", &client::suffix, app_hash(),
             "Instead of web_otp_hosts: the hash of the Android app that reads the code (SMS "
             "Retriever). The SMS then has at most 140 characters.")
        .instead_of("web_otp_hosts", "FA+9qCX9VSu");
    keys.flag("require_verification_id", &client::require_verification_id,
              "Whether its checks must name their verification_id, whatever "
              "otp.require_verification_id says.")
        .like("true");
    keys.flag("challenge", &client::challenge,
              "Whether the conversion guard answers its sends with a challenge_token, for a "
              "captcha, instead of 429.")
        .like("true");
}

void finish_client(client_settings& entry, found_table const& table,
                   entry_keys<client_settings> const& keys, reading& with) {
    auto& client = entry.profile;
    bool const has_hosts = !client.web_otp_hosts.empty();
    if (has_hosts && client.suffix.type == otp::autofill_suffix::kind::app_hash)
        refuse("app_hash", table, keys, with);
    if (has_hosts) client.suffix = default_suffix_of(client.web_otp_hosts);
}

// --- [[limit]], [[template]] --------------------------------------------------------------------

constexpr words<8> limit_keys{"number",           "number_of_all_clients", "prefix", "country",
                              "end_user_address", "caller_address",        "client", "everybody"};

void declare_limit(declaration<otp::limit> keys) {
    using otp::limit;
    keys.add("name", &limit::name, notations::name("_", limit::max_name_length, plain_name_rule),
             "Its name in responses, in the log and in metrics.")
        .needed("shop_country_1d");
    keys.add("key", &limit::key, notations::word<otp::limit_key>(limit_keys),
             "What it counts by: each country, number, API client, ... has a quota of its own.")
        .needed("country");
    keys.whole("quota", &limit::quota, 1, 1'000'000'000,
               "Most requests at once, regained evenly over the window.")
        .needed("2000");
    keys.whole("window_seconds", &limit::window, 1, 31 * 86'400,
               "Time in which the whole quota comes back, evenly.")
        .needed("86400");
    keys.mode("mode", &limit::mode,
              "Whether it refuses requests or, to try it out, only logs and counts them; if unset: "
              "enforce.")
        .like("enforce");
    keys.add("step", &limit::step, notations::word<otp::limit_step>(words<2>{"send", "guess"}),
             "What it counts: sends, or guesses without a verification_id that do not verify; if "
             "unset: send.")
        .like("send");
    keys.add("client", &limit::client, notations::name("_-", max_name, client_rule),
             "The client whose requests it counts; if unset: every client's.")
        .like("shop");
}

void declare_template(declaration<otp::message_template> keys) {
    using otp::message_template;
    keys.add("purpose", &message_template::purpose, notations::purpose(),
             "Purpose of its codes; if unset: every purpose without a template of its own.")
        .like("payment");
    notation<otp::locale_tag> const locale{value_kind::text,
                                           "a language tag of BCP 47, such as nl, pt-BR or zh-Hans",
                                           otp::locale_tag::parse, &otp::locale_tag::text};
    keys.add("locale", &message_template::locale, locale,
             "Language of its requests (zh: also zh-Hans and zh-Hans-CN, RFC 4647 3.4); if unset: "
             "every language without a template of its own.")
        .like("nl");
    // Its validity depends on other settings (check_tables).
    keys.add("text", &message_template::text,
             notations::text("printable ASCII other than ` with {code} once, {minutes} (its life) "
                             "where wanted and no other braces, at most 158 characters and 160 GSM "
                             "septets with the code and the client's autofill suffix",
                             [](std::string_view) { return true; }),
             "Text of the SMS.")
        .needed("Uw betaalcode is {code}. Deze is {minutes} minuten geldig.");
}

// --- [[purpose]] --------------------------------------------------------------------------------

notation<std::vector<std::string>> variable_names() {
    using otp::variable;
    auto const is_good = [](std::string_view text) {
        return values::is_name(text, "_", variable::max_name_length) && text != "code" &&
               text != "minutes";
    };
    return notations::list_of(notations::text({}, is_good),
                              "a list of 1 to 8 different names of 1 to 32 lower-case letters, "
                              "digits and _, other than code and minutes",
                              {.least = 1, .most = variable::max_count});
}

void declare_purpose(declaration<purpose_settings> keys) {
    using entry = purpose_settings;
    auto const whole = [&]<class T>(std::string_view name, std::optional<T> entry::* member,
                                    double least, double most, std::string_view help,
                                    std::string_view unit = "") -> key_words& {
        return keys.add(name, member,
                        notations::optional_of(notations::whole<T>(name, least, most, unit)), help);
    };
    keys.add("name", &entry::name, notations::purpose(), "The purpose, as requests name it.")
        .needed("transfer");
    keys.add("client", &entry::client, notations::name("_-", max_name, client_rule),
             "Narrows the purpose for one client: longer codes, a shorter life, fewer attempts, a "
             "longer cooldown, or require_verification_id.")
        .instead_of("message_template", "shop");
    whole("length", &entry::code_length, passcode::min_length, passcode::max_length,
          "Digits of its codes, instead of otp.length.", "digits")
        .like("8");
    whole("ttl_seconds", &entry::ttl, 30, 600,
          "How long its codes can be verified, instead of otp.ttl_seconds.")
        .like("180");
    whole("max_attempts", &entry::attempts_max, 1, 100,
          "Most wrong guesses of one requester at one of its codes, instead of otp.max_attempts.")
        .like("3");
    whole("cooldown_seconds", &entry::cooldown, 0, 3600,
          "Least time between two of its sends to one number, instead of otp.cooldown_seconds; 0: "
          "none.")
        .like("60");
    // Its validity depends on other settings (check_tables).
    keys.add("message_template", &entry::text,
             notations::text("printable ASCII other than ` with {code} once, each of variables, "
                             "{minutes} (its life) where wanted and no other braces, at most 158 "
                             "characters and 160 GSM septets with the code, the variables and the "
                             "client's autofill suffix",
                             [](std::string_view text) { return !text.empty(); }),
             "Text of its SMS in every language without a [[template]] of its own.")
        .like("Your transfer code is {code}. It is good for {minutes} minutes.");
    keys.add(
            "route_plan", &entry::plan,
            notations::name("_-", otp::route_plan::max_name_length, "the name of a [[route_plan]]"),
            "The [[route_plan]] of its sends that name neither a route nor a plan.")
        .like("login");
    keys.flag("require_verification_id", &entry::require_verification_id,
              "Whether its checks must name their verification_id, whatever "
              "otp.require_verification_id says.")
        .like("true");
    keys.add("variables", &entry::variables, variable_names(),
             "What its codes are bound to, such as amount and payee: each send and each check must "
             "bring their values. Its texts say each as a placeholder of that name.")
        .instead_of("client", "amount,payee");
}

// --- [[test_number]] ----------------------------------------------------------------------------

/// A test number before it is complete: its types have no empty value.
struct test_number_entry {
    std::optional<phone_number> number;
    secret_string code;
    std::chrono::sys_days until;
};

void declare_test_number(declaration<test_number_entry> keys) {
    using entry = test_number_entry;
    notation<std::optional<phone_number>> number;
    number.kind = value_kind::text;
    number.allowed = "10 to 15 digits, with a + before them or without";
    number.parse = [](std::string_view text) -> std::optional<std::optional<phone_number>> {
        auto parsed = phone_number::parse(text);
        if (!parsed) return std::nullopt;
        return std::optional<phone_number>(*std::move(parsed));
    };
    number.show = [](std::optional<phone_number> const& value) {
        return value ? value->masked() : std::string();
    };
    keys.add("number", &entry::number, number, "The number, country code first.")
        .needed("+31612345678")
        .is_hidden = true;
    keys.add("code", &entry::code,
             notations::secret(
                 "as many digits as otp.length says",
                 [](std::string_view text) { return passcode::parse(text).has_value(); }),
             "The code that always verifies.")
        .needed("271828");
    keys.add("until", &entry::until, notations::date(),
             "Its last day, in UTC; afterwards it is a number like any other.")
        .needed("2027-01-31");
}

std::vector<test_number_entry> test_numbers_of(settings const& settings) {
    std::vector<test_number_entry> list;
    for (auto const& each : settings.test_numbers)
        list.push_back({each.number, secret_string(std::string(each.code.reveal())), each.until});
    return list;
}

void add_test_number(settings& to, test_number_entry entry) {
    to.test_numbers.push_back(
        {*std::move(entry.number), *passcode::parse(entry.code.reveal()), entry.until});
}

// --- [[route_plan]] -----------------------------------------------------------------------------

/// A step before it is known whether it names a route or selects the best of several.
struct step_entry {
    otp::route_step step;
    std::optional<otp::best_rule::by> order;
    otp::best_rule best;
};

void declare_step(declaration<step_entry> all) {
    using otp::best_rule;
    using otp::route_step;
    auto const keys = all.part(&step_entry::step);
    auto const best = all.part(&step_entry::best);
    keys.add("route", &route_step::route_id, route_unless_zero(), "The step's route.").like("8");
    auto order =
        notations::optional_of(notations::word<best_rule::by>(words<2>{"cheapest", "fastest"}));
    order.allowed = "cheapest or fastest, with routes and not with route";
    all.add("best", &step_entry::order, order,
            "Instead of route: the best of several, by cost per verified code or by seconds to "
            "delivery.")
        .instead_of("route", "cheapest");
    best.add("routes", &best_rule::routes,
             // In the written order: without statistics, the first one is used.
             notations::list_of(notations::route(),
                                "a list of 2 to 8 different route ids from 1 to 8",
                                {.least = 2, .is_sorted = false}),
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
    keys.caller_id("caller_id", &route_step::caller_id,
                   "Sender of the SMS in this step, instead of the client's.")
        .like("YOURAPP");
    keys.countries("countries", &route_step::countries,
                   "Countries that the step is for; numbers of others skip it. Empty: all.")
        .like("NL,BE");
    keys.add("max_price", &route_step::max_price, notations::optional_of(notations::price()),
             "Highest price of the step; a send skips it if its price is higher.")
        .like("0.1");
    keys.whole("timeout_ms", &route_step::timeout, 100, 120'000, // of bridgexapi.timeout
               "How long the step may take; if unset: what is left of bridgexapi.timeout.")
        .like("5000");
    keys.whole("deliver_within_seconds", &route_step::deliver_within, 5, 600,
               "A message neither delivered nor typed by then has not arrived; the next send to "
               "the number for the purpose begins after this step. If unset: 60.")
        .like("30");
}

entry_keys<step_entry> const& step_keys() {
    static auto const keys = keys_from("step", declare_step);
    return keys;
}

/// Returns a line if a step is neither one route nor the best of several.
std::optional<std::string> fault_of_choice(found_table const& table) {
    auto const has = [&](std::string const& key) { return table.values.contains(key); };
    if (!has("route") && !has("best")) return "needs a route, or best and routes";
    if (has("route") && has("best")) return "has route and best: leave one of them out";
    if (has("best") && !has("routes")) return "has best and no routes: name those it chooses from";
    if (has("best")) return std::nullopt;
    for (auto const& key : step_keys())
        if (!key.alternative.empty() && has(key.name))
            return "has " + key.name + ", which goes with best only";
    return std::nullopt;
}

void finish_step(step_entry& entry, found_table const& table, entry_keys<step_entry> const&,
                 reading& with) {
    if (auto const fault = fault_of_choice(table))
        with.faults.push_back(place_and_title(table) + *fault);
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

void declare_plan(declaration<otp::route_plan> keys) {
    using otp::route_plan;
    keys.add("name", &route_plan::name,
             notations::name("_-", route_plan::max_name_length, name_rule),
             "Its name in requests, in responses and in the log.")
        .needed("login");
    keys.purposes("purposes", &route_plan::purposes,
                  "Purposes whose sends use it when the request names neither a route nor a plan.")
        .like("login");
    keys.flag("hedge", &route_plan::hedge,
              "Whether an accepted message without a delivery report is followed by a second one "
              "with the same code, over the next route. Needs delivery.enabled and an enforced "
              "[[budget]] that covers it; if unset: false.")
        .like("false");
    // These are not texts: finish_plan() reads them.
    auto& steps = keys.add(
        "steps", &route_plan::steps,
        notation<std::vector<otp::route_step>>{
            .kind = value_kind::table_list,
            .allowed = "1 to 8 steps",
            .parse = [](std::string_view) { return std::vector<otp::route_step>(); },
            .show = show_steps},
        "Its steps. A send takes the next step only if the one before certainly did not send.");
    steps.needed("[{route = 8, caller_id = \"YOURAPP\"}, {route = 1}, {route = 3}]");
    steps.part = "step";
    steps.parts.assign(step_keys().begin(), step_keys().end());
}

void finish_plan(otp::route_plan& plan, found_table const& table,
                 entry_keys<otp::route_plan> const& keys, reading& with) {
    auto const found = table.values.find("steps");
    if (found == table.values.end() || !found->second.usable) return; // reported already
    if (found->second.tables.size() > otp::route_plan::max_steps)
        refuse("steps", table, keys, with);
    for (auto const& each : found->second.tables)
        if (auto entry = read_entry(each, step_keys(), finish_step, with))
            plan.steps.push_back(std::move(entry->step));
}

// --- [[budget]] ---------------------------------------------------------------------------------

notation<otp::budget_key> budget_key() {
    return notations::word<otp::budget_key>(
        words<5>{"total", "client", "purpose", "route", "country"});
}

void declare_budget(declaration<otp::spending_budget> keys) {
    using budget = otp::spending_budget;
    keys.add("name", &budget::name, notations::name("_", budget::max_name_length, plain_name_rule),
             "Its name in responses, in the log and in metrics.")
        .needed("shop_spend_1d");
    keys.add("key", &budget::key, budget_key(),
             "Whose spending is summed: that of all, of each client, of each purpose, ...")
        .needed("client");
    keys.add("period", &budget::period,
             notations::word<otp::budget_period>(words<3>{"hour", "day", "month"}),
             "Period of the calendar, in UTC; each new period begins at nothing.")
        .needed("day");
    keys.price("cap", &budget::cap,
               "Most that may be spent in a period, in the account's currency.")
        .needed("25");
    keys.add("only", &budget::only,
             notations::text("a client, a purpose, a route id in quotes or a country, as key says; "
                             "not with total",
                             [](std::string_view text) { return !text.empty(); }),
             "The one client, purpose, route or country that it is for; if unset: each has a "
             "budget of its own.")
        .like("shop");
    keys.mode("mode", &budget::mode,
              "Whether it refuses requests or, to try it out, only logs and counts them; if unset: "
              "enforce.")
        .like("enforce");
}

/// The canonical form; nothing if the text cannot be a value of `key`.
std::optional<std::string> parse_only(otp::budget_key key, std::string const& text) {
    switch (key) {
    case otp::budget_key::total:
        return std::nullopt;
    case otp::budget_key::client:
        if (!values::is_name(text, "_-", max_name)) return std::nullopt;
        return text;
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
void finish_budget(otp::spending_budget& budget, found_table const& table,
                   entry_keys<otp::spending_budget> const& keys, reading& with) {
    auto const key = table.values.find("key");
    bool const knows_key =
        key != table.values.end() && key->second.usable && budget_key().parse(key->second.text);
    if (budget.only.empty() || !knows_key) return;
    if (auto only = parse_only(budget.key, budget.only)) {
        budget.only = *std::move(only);
        return;
    }
    refuse("only", table, keys, with);
}

// --- [[webhook]] --------------------------------------------------------------------------------

/// In the notation of Standard Webhooks.
std::optional<secret_string> parse_secret(std::string_view text) {
    constexpr std::string_view prefix = "whsec_";
    constexpr std::size_t least = 24;
    constexpr std::size_t most = 64;
    if (!text.starts_with(prefix)) return std::nullopt;
    auto bytes = from_base64(text.substr(prefix.size()));
    if (!bytes || bytes->size() < least || bytes->size() > most ||
        !values::has_different_bytes(*bytes))
        return std::nullopt;
    return secret_string(*std::move(bytes));
}

/// Whether it is a base URL with a path and a query. allow_private decides whether http is allowed.
bool is_webhook_url(std::string_view text) {
    constexpr std::size_t most = 2048;
    bool const is_web = text.starts_with("https://") || text.starts_with("http://");
    auto const url = boost::urls::parse_uri(text);
    return text.size() <= most && is_web && url && !url->has_fragment() &&
           values::parse_base_url(text.substr(0, text.find('?')));
}

/// Without the path, which may be a secret of the endpoint.
std::string host_of(std::string const& url) {
    auto const begin = url.find("://");
    if (begin == std::string::npos) return {};
    return url.substr(0, url.find_first_of("/?", begin + 3));
}

void declare_webhook(declaration<webhook::endpoint> keys) {
    using webhook::endpoint;
    keys.add("name", &endpoint::name, notations::name("_-", max_name, name_rule),
             "Its name in the log and in metrics.")
        .needed("crm");
    auto url = notations::text("an https URL without user and fragment, at most 2048 characters "
                               "(http for loopback addresses, with allow_private)",
                               is_webhook_url);
    url.show = host_of;
    keys.add("url", &endpoint::url, url,
             "URL that messages are posted to; its path and query are never shown.")
        .needed("https://crm.shop.example/hooks/otp")
        .is_hidden = true;
    auto secret = notations::secret({}, {});
    secret.parse = parse_secret;
    keys.add("secrets", &endpoint::secrets,
             notations::list_of(secret,
                                "1 to 4 different secrets: whsec_ and base64 of 24 to 64 random "
                                "bytes, 8 of them different",
                                {.least = 1, .most = 4, .is_sorted = false}),
             "Keys of the signatures (echo whsec_$(openssl rand -base64 32)); several while one is "
             "being replaced.")
        .needed("whsec_VGhpcyBpcyBhbiBleGFtcGxlLCBtYWtlIG9uZSE=");
    static constexpr words<6> events{"verification.accepted",  "verification.delivered",
                                     "verification.failed",    "verification.verified",
                                     "verification.exhausted", "verification.blocked"};
    auto const is_event = [](std::string_view text) { return holds(events, text); };
    keys.add("events", &endpoint::events,
             notations::list_of(notations::text({}, is_event),
                                "a list of " + values::enumerated(events, "and"),
                                {.is_sorted = false}),
             "Events that are posted; empty: all.")
        .like("verification.delivered,verification.failed");
    keys.add("client", &endpoint::client, notations::name("_-", max_name, client_rule),
             "The client whose verifications' events are posted; if unset: every client's.")
        .like("shop");
    keys.flag("allow_private", &endpoint::allow_private,
              "Whether the server may have an address that is not public, such as 10.0.0.1; if "
              "unset: false.")
        .like("false");
    keys.pem_file("ca_file", &endpoint::ca_file,
                  "PEM file of certificate authorities trusted for it; if unset: the system's.")
        .like("/etc/otpd/crm-ca.pem");
}

// --- [[hook]] -----------------------------------------------------------------------------------

notation<api::identity_provider> identity_provider() {
    return notations::word<api::identity_provider>(api::provider_names);
}

/// check_tables() knows what the provider signs with.
void declare_hook(declaration<api::hook> keys) {
    using api::hook;
    keys.add("client", &hook::client, notations::name("_-", max_name, client_rule),
             "The client that the codes are sent for, with its limits, routes and budgets.")
        .needed("shop");
    keys.add("provider", &hook::provider, identity_provider(),
             "Whose requests come to /hooks/CLIENT/PROVIDER.")
        .needed("supabase");
    keys.add("secret", &hook::secret, notations::header_secret(),
             "What the provider signs with: Supabase's v1,whsec_ secret, ZITADEL's signing key, "
             "Authgear's webhook secret, or the bearer token that Logto, Kratos or a generic "
             "sender has.")
        .needed("v1,whsec_VGhpcyBpcyBhbiBleGFtcGxlLCBtYWtlIG9uZSE=");
    keys.add("old_secret", &hook::old_secret, notations::header_secret(),
             "The secret before it, while it is being replaced.")
        .like("v1,whsec_VGhpcyBpcyB0aGUgb2xkIG9uZSwgcmVwbGFjZWQ=");
    keys.flag("free_text", &hook::free_text,
              "Whether the provider's own text is sent, with one code and no foreign link, instead "
              "of a template; if unset: false.")
        .like("false");
}

// --- all of them --------------------------------------------------------------------------------

std::string or_any(std::string const& text) {
    return text.empty() ? "any" : text;
}

std::vector<table_kind> all_kinds() {
    auto const name_of = [](auto const& entry) { return entry.name; };
    std::vector<table_kind> all;
    all.push_back(kind_of(table<client_settings>{
        "client",
        "A program that may call the API, besides the holder of auth.token. Its verifications are "
        "its own.",
        declare_client, [](settings const& settings) { return settings.clients; },
        [](settings& to, client_settings entry) { to.clients.push_back(std::move(entry)); },
        [](client_settings const& of) { return of.profile.name; }, finish_client}));
    all.push_back(kind_of(table<otp::limit>{
        "limit", "A limit of your own, besides those of [limits].", declare_limit,
        [](settings const& settings) { return settings.own_limits; },
        [](settings& to, otp::limit entry) { to.own_limits.push_back(std::move(entry)); },
        name_of}));
    all.push_back(kind_of(table<otp::message_template>{
        "template", "Text for a purpose, a language or both, instead of otp.message_template.",
        declare_template, [](settings const& settings) { return settings.templates; },
        [](settings& to, otp::message_template entry) { to.templates.push_back(std::move(entry)); },
        [](otp::message_template const& of) {
            return or_any(of.purpose) + '.' + or_any(of.locale.text);
        }}));
    all.push_back(kind_of(table<purpose_settings>{
        "purpose", "What differs from [otp] for codes of one purpose.", declare_purpose,
        [](settings const& settings) { return settings.purposes; },
        [](settings& to, purpose_settings entry) { to.purposes.push_back(std::move(entry)); },
        [](purpose_settings const& of) {
            return of.name + (of.client.empty() ? "" : '.' + of.client);
        }}));
    all.push_back(kind_of(
        table<test_number_entry>{"test_number",
                                 "A number that gets no SMS and always has the same code, for app "
                                 "reviewers and for monitoring.",
                                 declare_test_number, test_numbers_of, add_test_number,
                                 [](test_number_entry const& of) { return of.number->masked(); }}));
    all.push_back(kind_of(table<otp::route_plan>{
        "route_plan", "The routes that a send may take, in order. It takes no other.", declare_plan,
        [](settings const& settings) { return settings.route_plans; },
        [](settings& to, otp::route_plan entry) { to.route_plans.push_back(std::move(entry)); },
        name_of, finish_plan}));
    all.push_back(kind_of(table<otp::spending_budget>{
        "budget", "How much may be spent on SMS.", declare_budget,
        [](settings const& settings) { return settings.budgets; },
        [](settings& to, otp::spending_budget entry) { to.budgets.push_back(std::move(entry)); },
        name_of, finish_budget}));
    all.push_back(kind_of(table<webhook::endpoint>{
        "webhook",
        "A server that receives the events of verifications, signed as Standard Webhooks say.",
        declare_webhook, [](settings const& settings) { return settings.webhook_endpoints; },
        [](settings& to, webhook::endpoint entry) {
            to.webhook_endpoints.push_back(std::move(entry));
        },
        name_of}));
    all.push_back(kind_of(table<api::hook>{
        "hook", "An identity provider that has otpd send the codes which it makes and checks.",
        declare_hook, [](settings const& settings) { return settings.hooks; },
        [](settings& to, api::hook entry) { to.hooks.push_back(std::move(entry)); },
        [](api::hook const& of) {
            return of.client + '.' + std::string(to_string(of.provider));
        }}));
    return all;
}

} // namespace

std::span<table_kind const> table_kinds() {
    static auto const all = all_kinds();
    return all;
}

} // namespace otpd::app
