#include "rules.hpp"

#include <algorithm>

namespace otpd::simulation {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

store::cooldown_rule draw_cooldown(seeded& from) {
    store::cooldown_rule rule;
    rule.base = seconds(from.one_of({0, 5, 12}));
    rule.longest = rule.base * from.one_of({1, 3, 8});
    rule.memory = seconds(from.one_of({60, 300}));
    return rule;
}

store::guess_budget draw_guesses(seeded& from) {
    store::guess_budget budget;
    budget.quota = static_cast<std::uint32_t>(from.between(3, 15));
    budget.window = minutes(from.one_of({1, 3, 60}));
    budget.of_ids = static_cast<std::uint32_t>(from.between(0, 3));
    budget.of_devices = static_cast<std::uint32_t>(from.between(1, 6));
    budget.wait_from = static_cast<std::uint32_t>(from.one_of({0, 1, 3}));
    budget.wait_base = seconds(from.one_of({1, 5}));
    budget.wait_max = seconds(from.one_of({5, 20}));
    budget.consecutive_max = static_cast<std::uint32_t>(from.one_of({0, 0, 0, 5, 12}));
    return budget;
}

otp::limit limit_of(char const* name, otp::limit_key key, std::uint64_t quota, seconds window,
                    otp::limit_step step = otp::limit_step::send) {
    otp::limit made;
    made.name = name;
    made.key = key;
    made.quota = quota;
    made.window = window;
    made.step = step;
    return made;
}

otp::pumping_rules draw_pumping(seeded& from) {
    otp::pumping_rules rules;
    rules.enabled = from.chance(600);
    rules.address_out_max = static_cast<std::uint32_t>(from.between(2, 8));
    rules.prefix_out_max = static_cast<std::uint32_t>(from.between(2, 8));
    rules.country_out_max = static_cast<std::uint32_t>(from.between(3, 12));
    rules.typing = seconds(from.one_of({10, 60, 120}));
    return rules;
}

/// Each of them occurs in a third of the histories.
std::vector<otp::limit> draw_limits(seeded& from) {
    using enum otp::limit_key;
    constexpr auto guess = otp::limit_step::guess;
    std::vector<otp::limit> list;
    auto add = [&](otp::limit const& limit) {
        if (from.chance(330)) list.push_back(limit);
    };
    add(limit_of("number_5m", number, 6, minutes(5)));
    add(limit_of("number_3s", number, 1, seconds(3)));
    add(limit_of("all_clients_10m", number_of_all_clients, 9, minutes(10)));
    add(limit_of("prefix_10m", prefix, 11, minutes(10)));
    add(limit_of("end_user_1m", end_user_address, 3, minutes(1)));
    add(limit_of("client_10m", client, 17, minutes(10)));
    add(limit_of("all_10m", everybody, 23, minutes(10)));
    add(limit_of("guess_number_1m", number, 6, minutes(1), guess));
    add(limit_of("guess_client_1m", client, 13, minutes(1), guess));
    return list;
}

otp::spending_budget budget_of(char const* name, otp::budget_key key, otp::budget_period period,
                               std::int64_t cap) {
    otp::spending_budget made;
    made.name = name;
    made.key = key;
    made.period = period;
    made.cap = money::from_micros(cap);
    return made;
}

std::vector<otp::spending_budget> draw_budgets(seeded& from) {
    using enum otp::budget_key;
    using enum otp::budget_period;
    std::vector<otp::spending_budget> list;
    auto add = [&](otp::spending_budget const& spending_budget) {
        if (from.chance(330)) list.push_back(spending_budget);
    };
    add(budget_of("all_day", total, day, 2'900'000));
    add(budget_of("client_hour", client, hour, 700'000));
    add(budget_of("purpose_day", purpose, day, 1'600'000));
    add(budget_of("route_hour", route, hour, 350'000));
    return list;
}

otp::route_plan cheap_first() {
    otp::route_plan plan;
    plan.name = "cheap_first";
    for (int const route : {7, 3, 8}) {
        otp::route_step step;
        step.route_id = route;
        plan.steps.push_back(std::move(step));
    }
    return plan;
}

otp::client client_of(char const* name) {
    otp::client made;
    made.name = name;
    return made;
}

} // namespace

std::optional<std::int64_t> rules::price_of(int route) {
    switch (route) {
    case 3:
        return 50'000;
    case 7:
        return 30'000;
    case 8:
        return 80'000;
    default:
        return std::nullopt;
    }
}

std::int64_t rules::expected_price(int route) const {
    return price_of(route).value_or(policy.assumed_price.micros());
}

rules draw_rules(seeded& from) {
    rules all;
    auto& p = all.policy;
    p.code_length = 10; // so that nobody guesses a code by chance: see model::learn_code
    p.ttl = seconds(from.one_of({30, 60, 300}));
    p.repeat.repeated_for = seconds(from.one_of({5, 20, 300}));
    p.repeat.longest = p.repeat.repeated_for + seconds(from.one_of({10, 60, 300}));
    p.retention = p.ttl + seconds(from.one_of({0, 60, 600}));
    p.cooldown = draw_cooldown(from);
    p.rejected_backoff = seconds(from.one_of({0, 5, 20}));
    p.attempts_max = static_cast<std::uint32_t>(from.between(1, 5));
    p.guesses = draw_guesses(from);
    p.allowed_routes = {3, 4, 7, 8};
    p.default_route_id = 3;
    p.plans = {cheap_first()};
    p.budgets = draw_budgets(from);
    p.limits = draw_limits(from);
    p.pumping = draw_pumping(from);
    p.destinations.checked = from.chance(200); // which takes time; otherwise no country is known
    p.destinations.line_types.push_back(line_type::unknown);
    p.idempotency_retention = std::chrono::hours(1);
    p.undo_pause = std::chrono::hours(1); // longer than a history
    all.clients = {client_of("alpha"), client_of("beta")};
    all.clients.front().challenge = from.chance(800);
    all.purposes = {"login", "payment", "device"};
    all.numbers = {"31651860670", "31651861234", "31612345678", "447700900123"};
    all.routes = p.allowed_routes;
    return all;
}

} // namespace otpd::simulation
