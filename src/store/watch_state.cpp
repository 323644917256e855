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

/// The running period's count, and of the one before the part that is not yet as long ago.
std::uint64_t sliding(std::uint64_t current, std::uint64_t before, duration length,
                      store_time now) noexcept {
    auto const elapsed = floor<duration>(now.time_since_epoch() % counter_time(length));
    auto const left = static_cast<std::uint64_t>((length - elapsed).count());
    return current + before * left / static_cast<std::uint64_t>(length.count());
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

std::uint64_t watch_state::budget(watch const& rule, store_time now) const noexcept {
    auto const best = *std::ranges::max_element(verified);
    auto const last_day = sliding(verified[0], verified[1], one_day, now);
    std::uint64_t const percent = rule.percent;
    return std::max({std::uint64_t{rule.floor}, percent * best / 100, percent * last_day / 100});
}

std::optional<violation> watch_state::against(watch const& rule, store_time now) const {
    if (now < blocked_until) return violation{rule.name, until(blocked_until, now)};
    auto const sent = sliding(sent_now, sent_before, one_hour, now);
    auto const good = sliding(verified_now, verified_before, one_hour, now);
    if (rule.breaker_sent > 0 && sent >= rule.breaker_sent &&
        good * 100 < sent * rule.breaker_percent)
        return violation{rule.name, rule.block, true};
    auto const unverified = sent > good ? sent - good : 0;
    if (unverified + 1 <= budget(rule, now)) return std::nullopt;
    return violation{rule.name, until(store_time(one_hour * (hour + 1)), now)};
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
