#include "limits/limiter.hpp"

#include "seconds.hpp"

#include <algorithm>
#include <tuple>

namespace otpd::otp {

namespace {

/// A prefix is a number without its last digits, because pumped numbers are consecutive.
constexpr std::size_t digits_after_prefix = 4;

std::string_view prefix_of(phone_number const& number) {
    auto const& digits = number.digits();
    return std::string_view(digits).substr(0, digits.size() - digits_after_prefix);
}

/// Tells a client nothing of the sends of others, which the true time would.
constexpr store::duration unnamed_wait = std::chrono::hours(1);

/// Whether callers see nothing of the limit.
bool is_unnamed(policy const& rules, std::string_view name) {
    auto const found = std::ranges::find(rules.limits, name, &limit::name);
    return found != rules.limits.end() && found->key == limit_key::number_of_all_clients;
}

/// Whether the client sees the limit's figures. Those of a limit over several clients would tell a
/// tenant of the sends of others.
bool has_figures(policy const& rules, client const& client, std::string_view name) {
    auto const found = std::ranges::find(rules.limits, name, &limit::name);
    if (found == rules.limits.end()) return true;
    if (found->key == limit_key::number_of_all_clients) return false;
    return !client.is_tenant || found->key == limit_key::number ||
           found->key == limit_key::client || !found->client.empty();
}

store::audience audience_of(limit const& rule) noexcept {
    bool const has_both = rule.step == limit_step::send && rule.key == limit_key::number;
    return has_both ? store::audience::each_class : store::audience::strangers;
}

/// Whether a guess that finds no code counts: it costs the one who guesses, and nobody else.
bool counts_absent(limit_key key) noexcept {
    return key == limit_key::end_user_address || key == limit_key::caller_address;
}

/// Returns what a limit admits now if its whole quota is available again after `resets_in`.
std::uint64_t remaining(store::rate_limit_check const& c, store::counter_time resets_in) {
    auto const unit =
        store::tat_increment(store::rate_limit_check{c.key, {}, c.quota, c.window, 1});
    auto const free = store::counter_time(c.window) - resets_in;
    if (free < unit) return 0;
    return std::min(c.quota, static_cast<std::uint64_t>(free / unit));
}

/// Returns the shortest pause of which `left` can remain. The store does not say which pause is
/// running.
std::chrono::seconds pause_of(store::cooldown_rule const& rule, store::duration left) {
    auto pause = std::max(rule.base, store::duration(1));
    while (pause < std::min(left, rule.longest))
        pause *= 2;
    return whole_seconds(std::max(left, std::min(pause, rule.longest)));
}

} // namespace

std::vector<std::string> names_of_limits(policy const& rules) {
    std::vector<std::string> names{store::cooldown_counter,      store::guesses_counter,
                                   std::string(pumping_address), std::string(pumping_prefix),
                                   std::string(pumping_country), read_limit_name};
    for (auto const& limit : rules.limits)
        names.push_back(limit.name);
    for (auto const& budget : rules.budgets)
        names.push_back(budget.name);
    return names;
}

std::optional<store::key_hash> limiter::key_hash_of(limit_key key, limit_keys const& keys) const {
    switch (key) {
    case limit_key::number:
        return keys.number_key;
    case limit_key::number_of_all_clients:
        if (!keys.number_of_all) keys.number_of_all = keys_.hash(keys.number);
        return keys.number_of_all;
    case limit_key::prefix:
        return prefix_key(keys);
    case limit_key::country:
        if (keys.country.empty()) return std::nullopt;
        return keys_.cached_hash({"country", keys.country});
    case limit_key::end_user_address:
        if (!keys.caller.end_user_address) return std::nullopt;
        return keys_.hash({"end user", *keys.caller.end_user_address});
    case limit_key::caller_address:
        return keys_.hash({"caller", keys.caller.address});
    case limit_key::client:
        return keys_.cached_hash({"client", keys.caller.client->name});
    case limit_key::everybody:
        return keys_.cached_hash({"everybody"});
    }
    return std::nullopt;
}

store::key_hash const& limiter::prefix_key(limit_keys const& keys) const {
    auto const& known = keys.caller.stand_in;
    if (!keys.prefix_key)
        keys.prefix_key = keys_.hash(
            {"prefix", known ? std::string_view(known->prefix) : prefix_of(keys.number)});
    return *keys.prefix_key;
}

pseudonyms limiter::pseudonyms_of(limit_keys const& keys) const {
    pseudonyms who;
    if (!rules_.writes_pseudonyms) return who;
    who.number = keys_.pseudonym_of({"number", keys.caller.client->name, keys.number.digits()});
    who.prefix = keys_.pseudonym_of({"prefix", prefix_of(keys.number)});
    if (auto const& address = keys.caller.end_user_address)
        who.requester = keys_.pseudonym_of({"requester", *address});
    return who;
}

std::vector<store::rate_limit_check> limiter::rate_limit_checks(limit_step step,
                                                                limit_keys const& keys) const {
    std::vector<store::rate_limit_check> list;
    list.reserve(rules_.limits.size());
    // Caches the last hash: several limits often share a key, and each hash is a MAC.
    std::optional<store::key_hash> hash;
    std::optional<limit_key> hashed_key;
    for (auto const& limit : rules_.limits) {
        if (limit.step != step ||
            (!limit.client.empty() && limit.client != keys.caller.client->name))
            continue;
        if (keys.is_test && limit.key != limit_key::client && limit.key != limit_key::everybody)
            continue;
        if (hashed_key != limit.key) {
            hash = key_hash_of(limit.key, keys);
            hashed_key = limit.key;
        }
        if (!hash) continue;
        list.push_back(store::rate_limit_check{*hash, limit.name, limit.quota, limit.window, 1,
                                               limit.mode == limit_mode::observe,
                                               audience_of(limit), counts_absent(limit.key)});
    }
    return list;
}

bool limiter::is_trusted(phone_number const& number, std::string const& country) const {
    return std::ranges::any_of(rules_.destinations.trusted,
                               [&](destination const& destination) {
                                   return destination.covers(number, country);
                               }) ||
           (overrides_ != nullptr &&
            overrides_->has(store::override_action::trust, number, country));
}

std::vector<store::conversion_guard> limiter::guards(limit_keys const& keys) const {
    auto const& rules = rules_.pumping;
    if (!rules.enabled || is_trusted(keys.number, keys.country)) return {};

    std::vector<store::conversion_guard> list;
    list.reserve(3);
    auto const add = [&](store::key_hash place, std::string_view name, std::uint32_t out_max) {
        list.push_back(
            {place, std::string(name), out_max, rules.typing, rules.mode == limit_mode::observe});
    };
    if (auto const address = key_hash_of(limit_key::end_user_address, keys))
        add(*address, pumping_address, rules.address_out_max);
    add(prefix_key(keys), pumping_prefix, rules.prefix_out_max);
    if (!keys.country.empty())
        add(keys_.cached_hash({"country", keys.country}), pumping_country, rules.country_out_max);
    return list;
}

limit_status limiter::status_of(store::rate_limit_check const& check,
                                store::counter_time resets_in) {
    return limit_status{
        check.counter, check.quota, std::chrono::floor<std::chrono::seconds>(check.window),
        remaining(check, resets_in), std::chrono::ceil<std::chrono::seconds>(resets_in)};
}

std::vector<limit_status>
limiter::limit_statuses(policy const& rules, client const& client,
                        std::vector<store::rate_limit_check> const& rate_limit_checks,
                        store::admitted const& admission) {
    std::vector<limit_status> list;
    list.reserve(rate_limit_checks.size());
    for (std::size_t i = 0; i < rate_limit_checks.size() && i < admission.resets_in.size(); ++i) {
        auto const& c = rate_limit_checks[i];
        auto const resets_in = admission.resets_in[i];
        if (c.observed || resets_in == store::counter_time::zero() ||
            !has_figures(rules, client, c.counter))
            continue;
        list.push_back(status_of(c, resets_in));
    }
    std::ranges::sort(list, {}, [](limit_status const& limit_status) {
        return std::tuple(limit_status.remaining, -limit_status.resets_in.count());
    });
    return list;
}

std::vector<violated_limit>
limiter::violated(policy const& rules, scope_rules const& scope,
                  std::vector<store::rate_limit_check> const& rate_limit_checks,
                  std::vector<store::violation> const& violations) {
    std::vector<violated_limit> list;
    list.reserve(violations.size());
    for (auto const& violation : violations) {
        if (is_unnamed(rules, violation.counter)) continue;
        violated_limit limit;
        limit.name = violation.counter;
        limit.retry_after = whole_seconds(violation.retry_after);
        auto const c = std::ranges::find(rate_limit_checks, violation.counter,
                                         &store::rate_limit_check::counter);
        if (c != rate_limit_checks.end()) {
            limit.quota = c->quota;
            limit.window = std::chrono::floor<std::chrono::seconds>(c->window);
        } else if (violation.counter == store::cooldown_counter) {
            limit.quota = 1;
            limit.window = pause_of(scope.cooldown, violation.retry_after);
        }
        list.push_back(std::move(limit));
    }
    return list;
}

std::string limiter::names_of(std::vector<store::violation> const& violations) {
    std::string names;
    for (auto const& violation : violations)
        names.append(names.empty() ? "" : ",").append(violation.counter);
    return names;
}

std::chrono::seconds limiter::retry_after(policy const& rules,
                                          std::vector<store::violation> const& violations) {
    store::duration longest{};
    for (auto const& violation : violations)
        longest = std::max(longest, is_unnamed(rules, violation.counter) ? unnamed_wait
                                                                         : violation.retry_after);
    return whole_seconds(longest);
}

} // namespace otpd::otp
