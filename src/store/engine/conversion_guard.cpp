#include "engine/conversion_guard.hpp"

#include <algorithm>
#include <array>

namespace otpd::store::engine {

namespace {

namespace field_name = state::field_name;

constexpr counter_time retention = std::chrono::hours(3);
constexpr std::chrono::seconds hour_length{3600};
/// More than anybody sends, and its product with an hour's milliseconds fits into 64 bits.
constexpr std::int64_t count_max = std::int64_t{1} << 38U;
/// A typed code is no longer outstanding, and allows others to be.
constexpr std::int64_t room_per_typed = 1 + conversion_guard::out_per_typed;

/// The counts of a window's two periods: the sends, less the room that typed codes give.
class window {
public:
    window(shared_state const& state, std::size_t window_at, std::chrono::seconds length,
           store_time now)
        : length_(duration(length).count()),
          left_(length_ - std::chrono::floor<duration>(now.time_since_epoch()).count() % length_) {
        if (!state.guard) return;
        auto const count = [&](std::size_t n) {
            return std::min(state.fields[state.guard->fields_at + window_at + n].current,
                            count_max);
        };
        sent_ = count(0); // in the order of field_name::window
        room_ = room_per_typed * count(2);
        before_ = count(1) - room_per_typed * count(3);
    }

    /// The largest allowed count of sends in the current period, including one more. Less than the
    /// present count if there is no room.
    [[nodiscard]] std::int64_t sent_max(std::int64_t out_max) const noexcept {
        return out_max + room_ - before_ * left_ / length_;
    }
    [[nodiscard]] std::int64_t room(std::int64_t out_max) const noexcept {
        return std::max<std::int64_t>(0, sent_max(out_max) - sent_);
    }
    /// How long until there is room for one more, if nothing is typed or sent meanwhile.
    [[nodiscard]] duration next_room(std::int64_t out_max) const noexcept {
        if (sent_ < sent_max(out_max)) return duration(0);
        if (auto const left = left_with_room(before_, out_max - 1 - sent_ + room_); left > 0)
            return duration(left_ - left);
        // In the next period, the sends of this one are those of the previous period.
        auto const left = left_with_room(sent_ - room_, out_max - 1);
        return duration(left_ + length_ - std::min(left, length_));
    }

private:
    /// How much of a period is left when at most `spare` of `before` still count; 0 for none.
    [[nodiscard]] std::int64_t left_with_room(std::int64_t before,
                                              std::int64_t spare) const noexcept {
        if (spare < 0) return 0;
        if (before <= spare) return length_;
        return ((spare + 1) * length_ - 1) / before;
    }

    std::int64_t length_; // milliseconds
    std::int64_t left_;   // of the current period; more than 0
    std::int64_t sent_ = 0;
    std::int64_t room_ = 0;
    std::int64_t before_ = 0;
};

std::array<window, 2> windows_of(states& states, conversion_guard const& rule, store_time now) {
    auto const& kept = states.shared(state::limit_state_key(rule.key));
    return {window(kept, state::hour_at, hour_length, now),
            window(kept, state::recent_at, rule.typing, now)};
}

/// Whether the field gets its value with this commit, from another one. Others may have added to
/// that meanwhile.
bool has_moved(shared_state const& state, field_name::window const& names) noexcept {
    auto const* const found = state.find(names.sent_before);
    return found != nullptr && found->source >= 0 && found->source != found - state.fields.data();
}

addition count_of(std::string_view name, std::int64_t delta, store_time now) {
    return {.field = name, .delta = delta, .retained_until = now + retention};
}

} // namespace

std::optional<violation> check_guard(states& states, conversion_guard const& rule, store_time now) {
    duration wait{0};
    for (auto const& state : windows_of(states, rule, now))
        wait = std::max(wait, state.next_room(rule.out_max));
    if (wait == duration(0)) return std::nullopt;
    return violation{rule.name, wait};
}

std::int64_t room_of(states& states, conversion_guard const& rule, store_time now) {
    auto room = value_max;
    for (auto const& state : windows_of(states, rule, now))
        room = std::min(room, state.room(rule.out_max));
    return room;
}

void count_sent(states& states, conversion_guard const& rule, bool is_bounded, store_time now) {
    auto const windows = windows_of(states, rule, now);
    structure needed;
    needed.typing = rule.typing;
    for (std::size_t n = 0; n < windows.size(); ++n) {
        auto what = count_of(n == 0 ? field_name::hour.sent : field_name::recent.sent, 1, now);
        if (is_bounded && !rule.observed)
            what.bound = std::min(windows[n].sent_max(rule.out_max), value_max);
        states.add(state::limit_state_key(rule.key), what, needed);
    }
    if (!is_bounded || rule.observed) return;
    auto const& kept = states.shared(state::limit_state_key(rule.key));
    for (auto const* const names : {&field_name::hour, &field_name::recent})
        if (has_moved(kept, *names)) {
            auto same = count_of(names->sent_before, 0, now);
            same.bound = kept.value(names->sent_before); // the room was computed from it
            states.add(state::limit_state_key(rule.key), same);
        }
}

void count_typed(states& states, key_hash const& guarded, std::chrono::seconds typing,
                 store_time now) {
    auto const key = state::limit_state_key(guarded);
    structure needed;
    if (!states.shared(key).guard) needed.typing = typing;
    states.add(key, count_of(field_name::hour.typed, 1, now), needed);
    states.add(key, count_of(field_name::recent.typed, 1, now), needed);
}

void uncount_sent(states& states, key_hash const& guarded, store_time admitted, store_time now) {
    auto const key = state::limit_state_key(guarded);
    auto const& kept = states.shared(key);
    if (!kept.guard) return;
    auto const take_back = [&](field_name::window const& names, std::chrono::seconds length) {
        auto const periods_ago = state::period_of(now, length) - state::period_of(admitted, length);
        if (periods_ago > 1) return;
        auto what = count_of(periods_ago == 1 ? names.sent_before : names.sent, -1, now);
        what.floor = 1; // never below 0
        states.add(key, what);
    };
    take_back(field_name::recent, kept.guard->typing);
    take_back(field_name::hour, hour_length);
}

} // namespace otpd::store::engine
