#include "engine/guesses.hpp"

#include <algorithm>

namespace otpd::store::engine {

std::uint32_t usable(guess_budget const& budget, bool with_id) noexcept {
    return with_id ? budget.quota : budget.quota - std::min(budget.reserve, budget.quota);
}

std::uint32_t counted(state::number_state const& state) noexcept {
    return state.guesses ? state.guesses->open + state.guesses->held : 0;
}

std::optional<duration> out_of_guesses(state::number_state const& state, guess_budget const& budget,
                                       store_time now) {
    if (!state.guesses || counted(state) < budget.quota) return std::nullopt;
    return until(state.guesses->counted_until, now);
}

std::optional<duration> lock_of(state::number_state const& state, guess_budget const& budget,
                                bool with_id, store_time now) {
    if (!state.guesses) return std::nullopt;
    if (counted(state) >= usable(budget, with_id)) return until(state.guesses->counted_until, now);
    auto const from = with_id ? state.guesses->held_from : state.guesses->open_from;
    if (from <= now) return std::nullopt;
    return until(from, now);
}

void count_wrong_guess(state::number_state& state, guess_budget const& budget, bool with_id,
                       store_time now) {
    if (!state.guesses) state.guesses = state::guess_state{0, 0, now, now, now, now};
    auto& kept = *state.guesses;
    ++(with_id ? kept.held : kept.open);
    // Guesses with an id wait only for each other.
    if (with_id) kept.held_from = now + wait_after(budget, kept.held);
    auto const open_from = now + wait_after(budget, counted(state));
    kept.open_from = with_id ? std::max(kept.open_from, open_from) : open_from;
    kept.last = now;
    kept.counted_until = now + budget.window;
}

} // namespace otpd::store::engine
