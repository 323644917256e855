#include "watch_state.hpp"

#include <algorithm>

namespace otpd::store {

namespace {

using std::chrono::floor;

constexpr duration one_hour{3'600'000};
constexpr duration one_day{24 * one_hour};
constexpr duration kept_after_sent{2 * one_hour};
constexpr duration kept_after_verified{14 * one_day};

template <class Period>
std::int64_t periods(store_time now, Period length) noexcept {
    return floor<counter_time>(now.time_since_epoch()) / counter_time(length);
}

/// How often room is looked for within an hour, whose budget may shrink with the last 24 hours'. What is
/// told then may be too early, by so little that it does not matter.
constexpr int looks_max = 100;

/// Of a period of that length: more than 0.
duration left_of(duration length, store_time now) noexcept {
    return length - floor<duration>(now.time_since_epoch() % counter_time(length));
}

/// The running period's count, and of the one before the part that is not yet as long ago.
std::int64_t sliding(std::int64_t current, std::int64_t before, duration length,
                     store_time now) noexcept {
    return current + before * left_of(length, now).count() / length.count();
}
std::uint64_t sliding(std::uint64_t current, std::uint64_t before, duration length,
                      store_time now) noexcept {
    return static_cast<std::uint64_t>(sliding(static_cast<std::int64_t>(current),
                                              static_cast<std::int64_t>(before), length, now));
}

} // namespace

void watch_state::roll(store_time now) noexcept {
    auto const this_hour = periods(now, one_hour);
    if (this_hour != hour) {
        bool const next = this_hour == hour + 1;
        sent_before = next ? sent_now : 0;
        verified_before = next ? verified_now : 0;
        sent_now = verified_now = 0;
        hour = this_hour;
    }
    auto const today = periods(now, one_day);
    for (; day < today && verified != decltype(verified){}; ++day) {
        std::copy_backward(verified.begin(), verified.end() - 1, verified.end());
        verified[0] = 0;
    }
    day = today;
}

std::int64_t watch_state::budget(watch const& rule, store_time now) const noexcept {
    auto const best = *std::ranges::max_element(verified);
    auto const last_day = sliding(verified[0], verified[1], one_day, now);
    auto const share = std::uint64_t{rule.percent} * std::max(best, last_day) / 100;
    return static_cast<std::int64_t>(std::max(std::uint64_t{rule.floor}, share));
}

std::int64_t watch_state::unverified(store_time now) const noexcept {
    auto const all = sliding(unverified_now(), unverified_before(), one_hour, now);
    return std::max(std::int64_t{0}, all);
}

/// Within an hour the budget never grows, and the unverified of the hour before only get fewer: so no room is
/// before the moment at which there is enough for the budget of `from`.
std::optional<store_time> watch_state::room_this_hour(watch const& rule,
                                                      store_time from) const noexcept {
    auto const before = unverified_before();
    for (int looks = 0; looks < looks_max; ++looks) {
        if (has_room(rule, from)) return from;
        auto const limit = budget(rule, from);
        auto const spare = limit - 1 - unverified_now(); // for those of the hour before
        if (limit < 1 || before <= 0 || spare < 0) return std::nullopt;
        duration const left{((spare + 1) * one_hour.count() - 1) / before};
        if (left <= duration(0)) return std::nullopt;
        from = store_time(one_hour * (hour + 1)) - left;
    }
    return from;
}

store_time watch_state::next_room(watch const& rule, store_time now) const noexcept {
    auto later = *this;
    for (int hours = 0; hours < 2; ++hours) { // then nothing is left of what is counted now
        if (auto const found = later.room_this_hour(rule, now)) return *found;
        now = store_time(one_hour * (later.hour + 1));
        later.roll(now);
    }
    return now;
}

std::optional<violation> watch_state::against(watch const& rule, store_time now) const {
    if (now < blocked_until) return violation{rule.name, until(blocked_until, now)};
    auto const sent = sliding(sent_now, sent_before, one_hour, now);
    auto const good = sliding(verified_now, verified_before, one_hour, now);
    if (rule.breaker_sent > 0 && sent >= rule.breaker_sent &&
        good * 100 < sent * rule.breaker_percent)
        return violation{rule.name, rule.block, true};
    if (has_room(rule, now)) return std::nullopt;
    return violation{rule.name, until(next_room(rule, now), now)};
}

void watch_state::trip(watch const& rule, store_time now) noexcept {
    blocked_until = now + rule.block;
    expires = std::max(expires, blocked_until);
}

void watch_state::count_sent(store_time now) noexcept {
    ++sent_now;
    expires = std::max(expires, now + kept_after_sent);
}

void watch_state::count_verified(store_time now) noexcept {
    ++verified_now;
    ++verified[0];
    expires = std::max(expires, now + kept_after_verified);
}

void watch_state::uncount_sent() noexcept {
    if (sent_now > 0)
        --sent_now;
    else if (sent_before > 0)
        --sent_before;
}

} // namespace otpd::store
