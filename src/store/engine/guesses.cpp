#include "engine/guesses.hpp"

#include <algorithm>

namespace otpd::store::engine {

namespace {

using state::guess_kind;
using state::wrong_guesses;

constexpr int parts_of_window = 24;

/// How long until fewer than `quota` of that kind are counted.
duration until_below(state::number_state const& state, guess_kind kind, std::uint32_t quota,
                     store_time now) {
    auto kept = state.guesses;
    std::ranges::sort(kept, {}, &wrong_guesses::counted_until);
    auto left = counted(state, kind);
    auto end = now;
    for (auto const& each : kept) {
        if (left < quota) break;
        if (each.kind != kind) continue;
        left -= each.count;
        end = each.counted_until;
    }
    return until(end, now);
}

} // namespace

std::uint32_t counted(state::number_state const& state, guess_kind kind) noexcept {
    std::uint32_t sum = 0;
    for (auto const& each : state.guesses)
        if (each.kind == kind) sum += each.count;
    return sum;
}

std::uint32_t guesses_left(state::number_state const& state, guess_budget const& budget) noexcept {
    return budget.quota - std::min(budget.quota, counted(state, guess_kind::common));
}

std::optional<duration> out_of_guesses(state::number_state const& state, guess_budget const& budget,
                                       store_time now) {
    if (guesses_left(state, budget) > 0) return std::nullopt;
    if (counted(state, guess_kind::of_id) < budget.of_ids) return std::nullopt;
    auto const wait = until_below(state, guess_kind::common, budget.quota, now);
    if (budget.of_ids == 0) return wait;
    return std::min(wait, until_below(state, guess_kind::of_id, budget.of_ids, now));
}

std::optional<duration> lock_of(state::number_state const& state, guess_budget const& budget,
                                store_time now) {
    if (guesses_left(state, budget) == 0)
        return until_below(state, guess_kind::common, budget.quota, now);
    if (state.guess_from <= now) return std::nullopt;
    return until(state.guess_from, now);
}

void count_wrong_guess(state::number_state& state, guess_budget const& budget, requester const& by,
                       guess_kind kind, store_time now) {
    auto const part = std::max(duration(1), budget.window / parts_of_window);
    auto const since = now - now.time_since_epoch() % part;
    auto found = std::ranges::find_if(state.guesses, [&](wrong_guesses const& each) {
        return each.by == by && each.kind == kind && each.since == since;
    });
    if (found == state.guesses.end())
        found = state.guesses.insert(
            found, wrong_guesses{by, kind, 0, since, since + part + budget.window});
    ++found->count;
    if (kind == guess_kind::of_id) return;
    auto const wait = wait_after(budget, counted(state, kind));
    if (wait > duration(0)) state.guess_from = std::max(state.guess_from, now + wait);
}

void take_back_guesses(state::number_state& state, requester const& by) {
    std::erase_if(state.guesses, [&](wrong_guesses const& each) { return each.by == by; });
    if (counted(state, guess_kind::common) == 0) state.guess_from = {};
}

} // namespace otpd::store::engine
