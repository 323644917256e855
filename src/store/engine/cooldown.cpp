#include "engine/cooldown.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

using state::cooldown_state;
using state::session_key;

/// Per number, one for each session. Limits of the number refuse sends earlier; without such
/// limits, the pause that ends first is dropped.
constexpr std::size_t pauses_max = 16;

cooldown_state& pause_for(state::number_state& state, session_key const& session) {
    if (auto* const kept = state.find_cooldown(session)) return *kept;
    if (state.cooldowns.size() == pauses_max)
        state.cooldowns.erase(
            std::ranges::min_element(state.cooldowns, {}, &cooldown_state::pause_until));
    auto& made = state.cooldowns.emplace_back();
    made.scope = session.scope;
    made.whose = session.whose;
    return made;
}

} // namespace

std::optional<duration> pause_of(state::number_state const& state, session_key const& session,
                                 cooldown_rule const& rule, store_time now) {
    auto last = now;
    for (auto const& cooldown : state.cooldowns) {
        if (cooldown.whose != session.whose) continue;
        auto const end = cooldown.scope == session.scope
                             ? cooldown.pause_until
                             : std::min(cooldown.pause_until, cooldown.since + rule.other_scopes);
        last = std::max(last, end);
    }
    if (last == now) return std::nullopt;
    return until(last, now);
}

duration begin_pause(state::number_state& state, session_key const& session,
                     cooldown_rule const& rule, store_time now) {
    auto& kept = pause_for(state, session);
    auto const pause = pause_after(rule, ++kept.sends);
    kept.since = now;
    kept.streak_until = kept.pause_until = now + pause;
    if (rule.longest > rule.base) kept.streak_until = std::max(kept.pause_until, now + rule.memory);
    return pause;
}

void take_back_pause(state::number_state& state, session_key const& session, store_time begun_until,
                     duration back_off, store_time now) {
    auto* const kept = state.find_cooldown(session);
    if (kept == nullptr) return;
    if (kept->sends > 0) --kept->sends;
    if (kept->pause_until != begun_until) return; // a later send has begun its own pause
    kept->since = now;
    kept->pause_until = now + back_off;
    kept->streak_until =
        kept->sends > 0 ? std::max(kept->streak_until, kept->pause_until) : kept->pause_until;
    if (kept->streak_until <= now) end_pause(state, session);
}

void end_pause(state::number_state& state, session_key const& session) {
    std::erase_if(state.cooldowns,
                  [&](auto const& cooldown) { return cooldown.session() == session; });
}

void end_pause_of(state::number_state& state, state::verification_state const& send) {
    auto const session = send.session();
    auto const* const kept = state.find_cooldown(session);
    if (kept == nullptr || kept->since != send.admitted) return;
    // After a success, two sends may be admitted in one millisecond. The pause is the later one's.
    auto const last =
        std::find_if(state.verifications.rbegin(), state.verifications.rend(),
                     [&session](auto const& entry) { return entry.session() == session; });
    if (last->id == send.id) end_pause(state, session);
}

} // namespace otpd::store::engine
