#include "engine/guesses.hpp"

#include <algorithm>
#include <limits>

namespace otpd::store::engine {

namespace {

using state::guess_kind;
using state::requester_class;
using state::wrong_guesses;

constexpr int parts_of_window = 24;

std::uint32_t quota_of(guess_budget const& budget, requester_class whose) noexcept {
    return whose == requester_class::stranger ? budget.quota : budget.of_devices;
}

/// How long until fewer than `quota` of that kind are counted.
duration until_below(state::number_state const& state, guess_kind kind, std::uint32_t quota,
                     store_time now) {
    auto kept = state.guesses;
    std::ranges::sort(kept, {}, &wrong_guesses::counted_until);
    auto left = counted(state, kind);
    auto end = now;
    for (auto const& entry : kept) {
        if (left < quota) break;
        if (entry.kind != kind) continue;
        left -= entry.count;
        end = entry.counted_until;
    }
    return until(end, now);
}

} // namespace

std::uint32_t counted(state::number_state const& state, guess_kind kind) noexcept {
    std::uint32_t sum = 0;
    for (auto const& guess : state.guesses)
        if (guess.kind == kind) sum += guess.count;
    return sum;
}

std::uint32_t guesses_left(state::number_state const& state, guess_budget const& budget,
                           requester_class whose) noexcept {
    auto const quota = quota_of(budget, whose);
    return quota - std::min(quota, counted(state, kind_of(whose)));
}

std::optional<duration> out_of_guesses(state::number_state const& state, guess_budget const& budget,
                                       requester_class whose, store_time now) {
    if (auto const wait = failure_lock_of(state, budget, whose, now)) return wait;
    if (guesses_left(state, budget, whose) > 0) return std::nullopt;
    auto const wait = until_below(state, kind_of(whose), quota_of(budget, whose), now);
    if (whose == requester_class::known_device || budget.of_ids == 0) return wait;
    if (counted(state, guess_kind::of_id) < budget.of_ids) return std::nullopt;
    return std::min(wait, until_below(state, guess_kind::of_id, budget.of_ids, now));
}

std::optional<duration> lock_of(state::number_state const& state, guess_budget const& budget,
                                requester_class whose, store_time now) {
    if (guesses_left(state, budget, whose) == 0)
        return until_below(state, kind_of(whose), quota_of(budget, whose), now);
    auto const from = state.guess_from[whose];
    if (from <= now) return std::nullopt;
    return until(from, now);
}

std::optional<duration> failure_lock_of(state::number_state const& state,
                                        guess_budget const& budget, requester_class whose,
                                        store_time now) {
    if (failures_left(state, budget, whose) > 0) return std::nullopt;
    return until(state.last_failure + failure_memory, now);
}

std::uint32_t failures_left(state::number_state const& state, guess_budget const& budget,
                            requester_class whose) noexcept {
    if (budget.consecutive_max == 0 || whose == requester_class::known_device)
        return std::numeric_limits<std::uint32_t>::max();
    return budget.consecutive_max - std::min(budget.consecutive_max, state.failures_in_a_row);
}

void count_wrong_guess(state::number_state& state, guess_budget const& budget, requester const& by,
                       guess_kind kind, store_time now) {
    auto const part = std::max(duration(1), budget.window / parts_of_window);
    auto const since = now - now.time_since_epoch() % part;
    auto found = std::ranges::find_if(state.guesses, [&](wrong_guesses const& guess) {
        return guess.by == by && guess.kind == kind && guess.since == since;
    });
    if (found == state.guesses.end())
        found = state.guesses.insert(
            found, wrong_guesses{by, kind, 0, since, since + part + budget.window});
    ++found->count;
    if (budget.consecutive_max > 0 && kind != guess_kind::of_devices) {
        ++state.failures_in_a_row;
        state.last_failure = now;
    }
    if (kind == guess_kind::of_id) return;
    auto const wait = wait_after(budget, counted(state, kind));
    auto& from =
        kind == guess_kind::common ? state.guess_from.stranger : state.guess_from.known_device;
    if (wait > duration(0)) from = std::max(from, now + wait);
}

void take_back_guesses(state::number_state& state, requester const& by) {
    std::erase_if(state.guesses, [&](wrong_guesses const& guess) { return guess.by == by; });
    for (auto const whose : {requester_class::stranger, requester_class::known_device})
        if (counted(state, kind_of(whose)) == 0) state.guess_from[whose] = {};
    state.forget_failures();
}

} // namespace otpd::store::engine
