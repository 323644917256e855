#include "engine/conversion_guard.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace otpd::store::engine {

namespace {

namespace field_name = state::field_name;

constexpr std::int64_t hour = 3'600'000; // milliseconds
constexpr std::int64_t day = 24 * hour;
constexpr counter_time sent_retention = std::chrono::hours(3);
constexpr counter_time verified_retention = std::chrono::hours(24 * 15);
/// More than anybody sends; products with an hour's milliseconds stay within 64 bits.
constexpr std::int64_t count_max = std::int64_t{1} << 40U;

/// How often room is looked for within an hour, whose budget may shrink with the last 24 hours'.
/// What is told then may be too early, by so little that it does not matter.
constexpr int looks_max = 100;

/// A guard's figures, of the hour and the day of `now`.
struct counts {
    std::int64_t hour = 0; ///< since 1970
    std::int64_t sent = 0;
    std::int64_t sent_before = 0;
    std::int64_t verified = 0;
    std::int64_t verified_before = 0;
    std::int64_t verified_today = 0;
    std::int64_t verified_yesterday = 0;
    std::int64_t best_day = 0;      ///< before today
    std::int64_t best_but_last = 0; ///< without the day that is forgotten tomorrow
    store_time blocked_until;

    void next_hour() noexcept {
        ++hour;
        sent_before = std::exchange(sent, 0);
        verified_before = std::exchange(verified, 0);
        if (hour % 24 != 0) return;
        best_day = std::max(best_but_last, verified_today);
        verified_yesterday = std::exchange(verified_today, 0);
    }
    /// This hour's, and what is counted of the hour before at its beginning.
    [[nodiscard]] std::int64_t open() const noexcept { return sent - verified; }
    [[nodiscard]] std::int64_t open_before() const noexcept {
        return sent_before - verified_before;
    }
};

counts counts_of(shared_state const& of, store_time now) {
    counts found;
    found.hour = state::hour_of(now);
    if (!of.guard) return found;
    auto const count = [&of](std::string_view name) { return std::min(of.value(name), count_max); };
    found.sent = count(field_name::sent);
    found.sent_before = count(field_name::sent_before);
    found.verified = count(field_name::verified);
    found.verified_before = count(field_name::verified_before);
    found.verified_today = count(field_name::verified_today);
    auto const days = std::span(of.fields).subspan(of.guard->fields_at + field_name::first_day);
    found.verified_yesterday = std::min(days.front().current, count_max);
    constexpr auto last_day = field_name::of_guard.size() - field_name::first_day - 1;
    for (std::size_t n = 0; n <= last_day; ++n) {
        auto const each = std::min(days[n].current, count_max);
        found.best_day = std::max(found.best_day, each);
        if (n < last_day) found.best_but_last = std::max(found.best_but_last, each);
    }
    found.blocked_until = store_time(counter_time(of.value(field_name::blocked_until)));
    return found;
}

/// Milliseconds of a period of that length that are left: more than 0.
std::int64_t left_of(std::int64_t length, store_time now) noexcept {
    auto const passed = std::chrono::floor<duration>(now.time_since_epoch()).count() % length;
    return length - passed;
}

/// Of the period before, the part that is not yet as long ago.
std::int64_t remaining(std::int64_t before, std::int64_t length, store_time now) noexcept {
    return before * left_of(length, now) / length;
}

/// How many may be sent and not verified in an hour.
std::int64_t budget_of(counts const& of, watch const& rule, store_time now) noexcept {
    auto const last_day = of.verified_today + remaining(of.verified_yesterday, day, now);
    auto const best = std::max({of.best_day, of.verified_today, last_day});
    return std::max(std::int64_t{rule.floor}, std::int64_t{rule.percent} * best / 100);
}

/// The most that this hour's count of sends may be with one more; fewer than it is when there is no
/// room.
std::int64_t sent_max(counts const& of, watch const& rule, store_time now) noexcept {
    auto const budget = budget_of(of, rule, now);
    if (budget <= 0) return 0;
    return budget + of.verified - remaining(of.open_before(), hour, now);
}

bool has_room(counts const& of, watch const& rule, store_time now) noexcept {
    return of.sent + 1 <= sent_max(of, rule, now);
}

/// The most that this hour's count of sends may be for the breaker not to trip with the next one.
std::int64_t sent_before_trip(counts const& of, watch const& rule, store_time now) noexcept {
    if (rule.breaker_sent == 0 || rule.breaker_percent == 0) return value_max - 1;
    auto const verified = of.verified + remaining(of.verified_before, hour, now);
    auto const enough = verified * 100 / std::int64_t{rule.breaker_percent};
    return std::max(std::int64_t{rule.breaker_sent} - 1, enough) -
           remaining(of.sent_before, hour, now);
}

/// The first moment from `from` on, within its hour, at which there is room for one more. Within an
/// hour the budget never grows, and those of the hour before only get fewer: so no room is before
/// the moment at which there is enough for the budget of `from`.
std::optional<store_time> room_this_hour(counts const& of, watch const& rule, store_time from) {
    auto const before = of.open_before();
    for (int looks = 0; looks < looks_max; ++looks) {
        if (has_room(of, rule, from)) return from;
        auto const limit = budget_of(of, rule, from);
        auto const spare = limit - 1 - of.open(); // for those of the hour before
        if (limit < 1 || before <= 0 || spare < 0) return std::nullopt;
        duration const left{((spare + 1) * hour - 1) / before};
        if (left <= duration(0)) return std::nullopt;
        from = store_time(duration(hour * (of.hour + 1)) - left);
    }
    return from;
}

/// When there is never any: when the hours that are counted are over.
store_time next_room(counts of, watch const& rule, store_time now) {
    for (int hours = 0; hours < 2; ++hours) { // then nothing is left of what is counted now
        if (auto const found = room_this_hour(of, rule, now)) return *found;
        now = store_time(duration(hour * (of.hour + 1)));
        of.next_hour();
    }
    return now;
}

/// The latest that a breaker can have blocked until by now.
store_time latest(watch const& rule, store_time now) noexcept {
    return now + rule.block + state::clock_tolerance;
}

structure guarded() noexcept {
    structure needed;
    needed.guard = true;
    return needed;
}

addition count_of(std::string_view name, std::int64_t delta, store_time retained_until) {
    addition what;
    what.field = name;
    what.delta = delta;
    what.retained_until = retained_until;
    return what;
}

/// With a pause of 0 it only takes a void block back.
void block(states& in, watch const& rule, store_time until, store_time now) {
    auto what = count_of(field_name::blocked_until, 0, until + sent_retention);
    what.floor = ticks(until);
    what.ceiling = ticks(latest(rule, now));
    in.add(state::limit_state_key(rule.subject), what, guarded());
}

} // namespace

std::optional<violation> check_guard(states& in, watch const& rule, store_time now) {
    auto of = counts_of(in.shared(state::limit_state_key(rule.subject)), now);
    if (of.blocked_until > latest(rule, now)) { // by no rule of the present clock
        block(in, rule, now, now);
        of.blocked_until = now;
    }
    if (now < of.blocked_until) return violation{rule.name, until(of.blocked_until, now)};
    if (of.sent > sent_before_trip(of, rule, now)) {
        block(in, rule, now + rule.block, now);
        return violation{rule.name, std::max(duration(1), rule.block), true};
    }
    if (has_room(of, rule, now)) return std::nullopt;
    return violation{rule.name, until(next_room(of, rule, now), now)};
}

void count_sent(states& in, watch const& rule, store_time now) {
    auto what = count_of(field_name::sent, 1, now + sent_retention);
    if (!rule.observed) {
        auto const of = counts_of(in.shared(state::limit_state_key(rule.subject)), now);
        what.bound =
            std::min({sent_max(of, rule, now), sent_before_trip(of, rule, now) + 1, value_max});
    }
    in.add(state::limit_state_key(rule.subject), what, guarded());
}

void count_verified(states& in, subject_key const& guarded_key, store_time now) {
    auto const key = state::limit_state_key(guarded_key);
    in.add(key, count_of(field_name::verified, 1, now + verified_retention), guarded());
    in.add(key, count_of(field_name::verified_today, 1, now + verified_retention), guarded());
}

void uncount_sent(states& in, subject_key const& guarded_key, store_time now) {
    auto const key = state::limit_state_key(guarded_key);
    auto const& kept = in.shared(key);
    if (!kept.guard) return;
    auto const name = kept.value(field_name::sent) > 0 ? field_name::sent : field_name::sent_before;
    auto what = count_of(name, -1, now + sent_retention);
    what.floor = 1; // never below 0
    in.add(key, what);
}

} // namespace otpd::store::engine
