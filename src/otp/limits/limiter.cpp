#include "limits/limiter.hpp"

#include "seconds.hpp"

#include <algorithm>
#include <tuple>

namespace otpd::otp {

namespace {

/// A prefix is a number without these: pumped numbers come in a row.
constexpr std::size_t digits_after_prefix = 4;

std::string_view prefix_of(phone_number const& number) {
    auto const& digits = number.digits();
    return std::string_view(digits).substr(0, digits.size() - digits_after_prefix);
}

/// Units of a counter that is busy for so long.
std::uint64_t remaining(store::charge const& c, store::counter_time busy_for) {
    auto const unit = store::cost(store::charge{c.subject, {}, c.quota, c.window, 1});
    auto const free = store::counter_time(c.window) - busy_for;
    if (free < unit) return 0;
    return std::min(c.quota, static_cast<std::uint64_t>(free / unit));
}

/// The shortest pause of which so much can be left: a store does not say which one runs.
std::chrono::seconds pause_of(store::cooldown_rule const& rule, store::duration left) {
    auto pause = std::max(rule.base, store::duration(1));
    while (pause < std::min(left, rule.longest))
        pause *= 2;
    return whole_seconds(std::max(left, std::min(pause, rule.longest)));
}

} // namespace

std::vector<std::string> names_of_limits(policy const& rules) {
    std::vector<std::string> names{store::cooldown_counter, store::guesses_counter,
                                   std::string(pumping_prefix), std::string(pumping_country),
                                   read_limit_name};
    for (auto const& each : rules.limits)
        names.push_back(each.name);
    for (auto const& each : rules.budgets)
        names.push_back(each.name);
    return names;
}

std::optional<store::subject_key> limiter::subject_of(limit_key key, subjects const& of) const {
    switch (key) {
    case limit_key::number:
        return keys_.subject({"number", of.number.digits()}); // whichever client sends to it
    case limit_key::prefix:
        return prefix_key(of);
    case limit_key::country:
        if (of.country.empty()) return std::nullopt;
        return keys_.subject_of_few({"country", of.country});
    case limit_key::end_user_address:
        if (!of.who.end_user_address) return std::nullopt;
        return keys_.subject({"end user", *of.who.end_user_address});
    case limit_key::caller_address:
        return keys_.subject({"caller", of.who.address});
    case limit_key::client:
        return keys_.subject_of_few({"client", of.who.from->name});
    case limit_key::everybody:
        return keys_.subject_of_few({"everybody"});
    }
    return std::nullopt;
}

store::subject_key const& limiter::prefix_key(subjects const& of) const {
    if (!of.prefix_key) of.prefix_key = keys_.subject({"prefix", prefix_of(of.number)});
    return *of.prefix_key;
}

std::vector<store::charge> limiter::charges(limit_step step, subjects const& of) const {
    std::vector<store::charge> list;
    list.reserve(rules_.limits.size());
    // Several limits are often of one subject, and each hash is a MAC.
    std::optional<store::subject_key> subject;
    std::optional<limit_key> subject_is;
    for (auto const& each : rules_.limits) {
        if (each.step != step || (!each.client.empty() && each.client != of.who.from->name))
            continue;
        if (of.is_test && each.key != limit_key::client && each.key != limit_key::everybody)
            continue;
        if (subject_is != each.key) {
            subject = subject_of(each.key, of);
            subject_is = each.key;
        }
        if (!subject) continue;
        list.push_back(store::charge{*subject, each.name, each.quota, each.window, 1,
                                     each.mode == limit_mode::observe});
    }
    return list;
}

std::vector<store::conversion_guard> limiter::guards(subjects const& of) const {
    auto const& rules = rules_.pumping;
    auto const& trusted = rules_.destinations.trusted;
    bool const is_trusted = std::ranges::any_of(
        trusted, [&](destination const& each) { return each.covers(of.number, of.country); });
    if (!rules.enabled || is_trusted) return {};

    std::vector<store::conversion_guard> list;
    list.reserve(2);
    auto const add = [&](store::subject_key place, std::string_view name, std::uint32_t out_max) {
        list.push_back(
            {place, std::string(name), out_max, rules.typing, rules.mode == limit_mode::observe});
    };
    add(prefix_key(of), pumping_prefix, rules.prefix_out_max);
    if (!of.country.empty())
        add(keys_.subject_of_few({"country", of.country}), pumping_country, rules.country_out_max);
    return list;
}

std::vector<standing> limiter::standings(std::vector<store::charge> const& charges,
                                         store::admitted const& admission) {
    std::vector<standing> list;
    list.reserve(charges.size());
    for (std::size_t i = 0; i < charges.size() && i < admission.busy_for.size(); ++i) {
        auto const& c = charges[i];
        auto const busy_for = admission.busy_for[i];
        if (c.observed || busy_for == store::counter_time::zero()) continue;
        list.push_back(standing{c.counter, c.quota,
                                std::chrono::floor<std::chrono::seconds>(c.window),
                                remaining(c, busy_for), whole_seconds(busy_for)});
    }
    std::ranges::sort(list, {}, [](standing const& each) {
        return std::tuple(each.remaining, -each.resets_in.count());
    });
    return list;
}

std::vector<violated_limit> limiter::violated(std::vector<store::charge> const& charges,
                                              std::vector<store::violation> const& violations,
                                              store::cooldown_rule const& cooldown) {
    std::vector<violated_limit> list;
    list.reserve(violations.size());
    for (auto const& each : violations) {
        violated_limit limit;
        limit.name = each.counter;
        limit.retry_after = whole_seconds(each.retry_after);
        auto const c = std::ranges::find(charges, each.counter, &store::charge::counter);
        if (c != charges.end()) {
            limit.quota = c->quota;
            limit.window = std::chrono::floor<std::chrono::seconds>(c->window);
        } else if (each.counter == store::cooldown_counter) {
            limit.quota = 1;
            limit.window = pause_of(cooldown, each.retry_after);
        }
        list.push_back(std::move(limit));
    }
    return list;
}

} // namespace otpd::otp
