// [[budget]].

#include "settings_table_reader.hpp"

namespace otpd::app {

namespace {

using kind = value_kind;
using otp::budget_key;

struct budget_entry {
    otp::spending_budget budget;
    bool knows_key = false;
};

bool read_name(budget_entry& to, std::string_view text) {
    to.budget.name = text;
    return rules::is_name(text, "_", otp::spending_budget::max_name_length);
}
bool read_key(budget_entry& to, std::string_view text) {
    to.knows_key = assign(rules::parse_word<budget_key>(rules::budget_keys, text), to.budget.key);
    return to.knows_key;
}
bool read_period(budget_entry& to, std::string_view text) {
    return assign(rules::parse_word<otp::budget_period>(rules::budget_periods, text),
                  to.budget.period);
}
bool read_cap(budget_entry& to, std::string_view text) {
    return assign(values::parse_price(text), to.budget.cap);
}
bool read_mode(budget_entry& to, std::string_view text) {
    return assign(rules::parse_word<otp::limit_mode>(rules::limit_modes, text), to.budget.mode);
}

/// In its canonical form; nothing for what cannot be one of `key`.
std::optional<std::string> parse_only(budget_key key, std::string_view text) {
    switch (key) {
    case budget_key::total:
        return std::nullopt;
    case budget_key::client:
        if (!rules::is_name(text, "_-", otp::client::max_name_length)) return std::nullopt;
        return std::string(text);
    case budget_key::purpose:
        return rules::parse_purpose(text);
    case budget_key::route:
        if (auto const route = rules::parse_route(text)) return std::to_string(*route);
        return std::nullopt;
    case budget_key::country:
        break;
    }
    return rules::parse_country(text);
}
/// After `key`, in the order of the readers. What is wrong with that one is no fault of this one.
bool read_only(budget_entry& to, std::string_view text) {
    return !to.knows_key || assign(parse_only(to.budget.key, text), to.budget.only);
}

constexpr reader<budget_entry> readers[] = {
    {table_key{"budget", "name", kind::text, "shop_spend_1d",
               "Its name in answers, in the log and in metrics.",
               "1 to 32 lower-case letters, digits and _"}
         .needed(),
     read_name},
    {table_key{"budget", "key", kind::text, "client",
               "Whose spending is summed: everybody's, each client's, each purpose's, ...",
               "total, client, purpose, route or country"}
         .needed(),
     read_key},
    {table_key{"budget", "period", kind::text, "day",
               "Of the calendar, in UTC: with the next one it begins anew.", "hour, day or month"}
         .needed(),
     read_period},
    {table_key{"budget", "cap", kind::money, "25",
               "Most that may be spent in it, in the account's currency.", values::price_rule}
         .needed(),
     read_cap},
    {{"budget", "only", kind::text, "shop",
      "The one client, purpose, route or country it is for; without it each has one of its own.",
      "a client, a purpose, a route id in quotes or a country, as key says; not with total"},
     read_only},
    {{"budget", "mode", kind::text, "enforce",
      "Whether it refuses or, to try it out, only logs and counts; enforce without it.",
      "enforce or observe"},
     read_mode},
};

void read_budget(found_table const& from, settings& to, fault_lines& faults) {
    auto entry = read_entry<budget_entry>(from, readers, faults);
    if (entry) to.budgets.push_back(std::move(entry->budget));
}

} // namespace

table_kind budget_table() noexcept {
    return {"budget", "How much may be spent on SMS.",
            [] { return keys_of<budget_entry>(readers); }, read_budget};
}

} // namespace otpd::app
