// [[route_plan]] and its steps.

#include "settings_table_reader.hpp"

#include <algorithm>
#include <array>

namespace otpd::app {

namespace {

using kind = value_kind;

// --- steps ---------------------------------------------------------------------------------------

/// A step until it is known whether it names a route or asks for the best.
struct step_entry {
    otp::route_step step;
    otp::best_rule best;
};

bool read_route(step_entry& to, std::string_view text) {
    return assign(rules::parse_route(text), to.step.route_id);
}
bool read_best(step_entry& to, std::string_view text) {
    return assign(rules::parse_word<otp::best_rule::by>(rules::best_orders, text), to.best.order);
}
/// In the order that is written: the first is taken when there are no figures.
bool read_routes(step_entry& to, std::string_view text) {
    constexpr std::size_t least = 2;
    auto& routes = to.best.routes;
    for (auto const item : values::split_list(text)) {
        auto const route = rules::parse_route(item);
        if (!route || std::ranges::find(routes, *route) != routes.end()) return false;
        routes.push_back(*route);
    }
    return routes.size() >= least;
}
bool read_share(step_entry& to, std::string_view text) {
    auto const share = values::parse_number(text);
    return share >= 0.0 && share <= 1.0 && assign(share, to.best.min_verified_share);
}
bool read_samples(step_entry& to, std::string_view text) {
    constexpr std::int64_t most = 1'000'000;
    auto const samples = values::parse_whole(text);
    if (!samples || *samples < 1 || *samples > most) return false;
    to.best.min_samples = static_cast<std::uint32_t>(*samples);
    return true;
}
bool read_window(step_entry& to, std::string_view text) {
    constexpr std::int64_t least = 60;
    constexpr std::int64_t most = 31 * 86'400;
    auto const window = values::parse_whole(text);
    if (!window || *window < least || *window > most) return false;
    to.best.window = std::chrono::seconds(*window);
    return true;
}
bool read_caller_id(step_entry& to, std::string_view text) {
    to.step.caller_id = text;
    return rules::is_caller_id(text);
}
bool read_countries(step_entry& to, std::string_view text) {
    return assign(rules::parse_countries(text), to.step.countries);
}
bool read_price(step_entry& to, std::string_view text) {
    return assign(values::parse_price(text), to.step.max_price);
}
bool read_timeout(step_entry& to, std::string_view text) {
    constexpr std::int64_t least = 100;
    constexpr std::int64_t most = 120'000; // of bridgexapi.timeout
    auto const timeout = values::parse_whole(text);
    if (!timeout || *timeout < least || *timeout > most) return false;
    to.step.timeout = std::chrono::milliseconds(*timeout);
    return true;
}

constexpr std::string_view part = "step";

constexpr reader<step_entry> step_readers[] = {
    {{part, "route", kind::whole, "8", "The route.", "a whole number from 1 to 8"}, read_route},
    {table_key{part, "best", kind::text, "cheapest",
               "Instead of it: the best of several, by cost per verified code or by seconds to "
               "delivery.",
               "cheapest or fastest, with routes and not with route"}
         .instead_of("route"),
     read_best},
    {table_key{part, "routes", kind::whole_list, "3,1",
               "With best: those it chooses from; the first, as long as the figures name none.",
               "a list of 2 to 8 different route ids from 1 to 8"}
         .instead_of("route"),
     read_routes},
    {table_key{part, "min_verified_share", kind::number, "0.4",
               "With best: routes with a smaller share of verified codes are left out.",
               "a number from 0 to 1"}
         .instead_of("route"),
     read_share},
    {table_key{part, "min_samples", kind::whole, "50",
               "With best: so are routes with fewer accepted sends; 20 without it.",
               "a whole number from 1 to 1000000"}
         .instead_of("route"),
     read_samples},
    {table_key{part, "window_seconds", kind::whole, "86400",
               "With best: how far back its figures go; a day without it.",
               "a whole number from 60 to 2678400 seconds"}
         .instead_of("route"),
     read_window},
    {{part, "caller_id", kind::text, "YOURAPP",
      "Sender of the SMS in this step, instead of the client's.",
      "3 to 11 printable ASCII characters without spaces at the ends"},
     read_caller_id},
    {{part, "countries", kind::text_list, "NL,BE",
      "Numbers of other countries leave the step out; empty: none does.",
      "a list of different countries of two upper-case letters"},
     read_countries},
    {{part, "max_price", kind::money, "0.1", "The step is left out when its price is higher.",
      values::price_rule},
     read_price},
    {{part, "timeout_ms", kind::whole, "5000",
      "For this step; without it, what is left of bridgexapi.timeout.",
      "a whole number from 100 to 120000 milliseconds"},
     read_timeout},
};

std::span<table_key const> step_keys() noexcept {
    static auto const keys = keys_of<step_entry>(step_readers);
    return keys;
}

/// The line about a step that is neither one route nor the best of several.
std::optional<std::string> fault_of_choice(found_table const& from) {
    auto const has = [&](std::string_view key) { return from.values.contains(std::string(key)); };
    if (!has("route") && !has("best")) return "needs a route, or best and routes";
    if (has("route") && has("best")) return "has route and best: leave one of them out";
    if (has("best") && !has("routes")) return "has best and no routes: name those it chooses from";
    if (has("best")) return std::nullopt;
    for (auto const& each : step_readers)
        if (!each.key.alternative.empty() && has(each.key.name))
            return "has " + std::string(each.key.name) + ", which goes with best only";
    return std::nullopt;
}

std::optional<otp::route_step> read_step(found_table const& from, fault_lines& faults) {
    auto entry = read_entry<step_entry>(from, step_readers, faults);
    if (auto const fault = fault_of_choice(from)) {
        faults.push_back(place_and_title(from) + *fault);
        return std::nullopt;
    }
    if (!entry) return std::nullopt;
    if (from.values.contains("best")) entry->step.best = std::move(entry->best);
    return std::move(entry->step);
}

// --- plans ---------------------------------------------------------------------------------------

bool read_name(otp::route_plan& to, std::string_view text) {
    to.name = text;
    return rules::is_name(text, "_-", otp::route_plan::max_name_length);
}
bool read_purposes(otp::route_plan& to, std::string_view text) {
    return assign(rules::parse_purposes(text), to.purposes);
}
/// They are no text: read_steps() does it.
bool leave_steps(otp::route_plan&, std::string_view) {
    return true;
}

constexpr table_key steps_key =
    table_key{"route_plan",
              "steps",
              kind::table_list,
              "[{route = 8, caller_id = \"YOURAPP\"}, {route = 1}, {route = 3}]",
              "Its steps. The next one is taken only when the one before did certainly not send.",
              "1 to 8 steps"}
        .needed()
        .made_of(part, step_keys);

constexpr reader<otp::route_plan> plan_readers[] = {
    {table_key{"route_plan", "name", kind::text, "login",
               "Its name in requests, in replies and in the log.",
               "1 to 32 lower-case letters, digits, _ and -"}
         .needed(),
     read_name},
    {{"route_plan", "purposes", kind::text_list, "login",
      "Purposes whose sends take it when a request names neither route nor plan.",
      "a list of different purposes of 1 to 50 printable ASCII characters"},
     read_purposes},
    {steps_key, leave_steps},
};

std::vector<otp::route_step> read_steps(found_table const& from, fault_lines& faults) {
    std::vector<otp::route_step> steps;
    auto const found = from.values.find(std::string(steps_key.name));
    if (found == from.values.end() || !found->second.usable) return steps; // said already
    if (found->second.tables.size() > otp::route_plan::max_steps)
        faults.push_back(fault_of(from, steps_key, found->second));
    for (auto const& each : found->second.tables)
        if (auto step = read_step(each, faults)) steps.push_back(*std::move(step));
    return steps;
}

void read_plan(found_table const& from, settings& to, fault_lines& faults) {
    auto const before = faults.size();
    auto plan = read_entry<otp::route_plan>(from, plan_readers, faults);
    auto steps = read_steps(from, faults);
    if (!plan || faults.size() > before) return;
    plan->steps = std::move(steps);
    to.route_plans.push_back(*std::move(plan));
}

} // namespace

table_kind route_plan_table() noexcept {
    return {"route_plan", "Which routes a send may take, in which order: nothing else chooses one.",
            [] { return keys_of<otp::route_plan>(plan_readers); }, read_plan};
}

} // namespace otpd::app
