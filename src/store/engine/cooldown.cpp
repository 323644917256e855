#include "engine/cooldown.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

void drop_if_over(state::number_state& of, store_time now) {
    if (of.cooldown->streak_until <= now) of.cooldown.reset();
}

} // namespace

std::optional<duration> pause_of(state::number_state const& of, store_time now) {
    if (!of.cooldown || of.cooldown->pause_until <= now) return std::nullopt;
    return until(of.cooldown->pause_until, now);
}

duration begin_pause(state::number_state& of, cooldown_rule const& rule, store_time now) {
    if (!of.cooldown) of.cooldown.emplace();
    auto& kept = *of.cooldown;
    auto const pause = pause_after(rule, ++kept.sends);
    kept.since = now;
    kept.pause_until = now + pause;
    kept.streak_until = std::max(kept.pause_until, now + rule.memory);
    return pause;
}

void take_back_pause(state::number_state& of, store_time begun_until, duration back_off,
                     store_time now) {
    if (!of.cooldown) return;
    auto& kept = *of.cooldown;
    if (kept.sends > 0) --kept.sends;
    if (kept.pause_until != begun_until) return; // a later send has begun its own
    kept.since = now;
    kept.pause_until = now + back_off;
    kept.streak_until =
        kept.sends > 0 ? std::max(kept.streak_until, kept.pause_until) : kept.pause_until;
    drop_if_over(of, now);
}

void end_streak(state::number_state& of, store_time now) {
    if (!of.cooldown) return;
    of.cooldown->sends = 0;
    of.cooldown->streak_until = of.cooldown->pause_until;
    drop_if_over(of, now);
}

} // namespace otpd::store::engine
