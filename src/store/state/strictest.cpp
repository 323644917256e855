#include "state/strictest.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

void end_if_live(verification_state& verification, progress how) noexcept {
    if (verification.is_live()) verification.end(how);
}

/// `mine` is the later version.
verification_state strictest(verification_state const& theirs, verification_state mine) {
    if (mine.is_live() && !theirs.is_live()) mine.end(theirs.code_state);
    mine.attempts = std::max(mine.attempts, theirs.attempts);
    mine.open_attempts = std::max(mine.open_attempts, theirs.open_attempts);
    mine.code_end = std::min(mine.code_end, theirs.code_end);
    mine.retained_until = std::max(mine.retained_until, theirs.retained_until);
    return mine;
}

void merge(cooldown_state& theirs, cooldown_state const& mine) noexcept {
    theirs.sends = std::max(theirs.sends, mine.sends);
    theirs.since = std::max(theirs.since, mine.since);
    theirs.pause_until = std::max(theirs.pause_until, mine.pause_until);
    theirs.streak_until = std::max(theirs.streak_until, mine.streak_until);
}

void merge(guess_state& theirs, guess_state const& mine) noexcept {
    theirs.open = std::max(theirs.open, mine.open);
    theirs.held = std::max(theirs.held, mine.held);
    theirs.last = std::max(theirs.last, mine.last);
    theirs.open_from = std::max(theirs.open_from, mine.open_from);
    theirs.held_from = std::max(theirs.held_from, mine.held_from);
    theirs.counted_until = std::max(theirs.counted_until, mine.counted_until);
}

} // namespace

void make_strictest(number_state& theirs, number_state const& mine) {
    for (auto& each : theirs.verifications) {
        if (auto const* const seen = mine.find(each.id))
            each = strictest(each, *seen);
        else
            end_if_live(each, progress::expired);
    }
    for (auto const& each : mine.verifications)
        if (theirs.find(each.id) == nullptr)
            end_if_live(theirs.verifications.emplace_back(each), progress::expired);
    std::ranges::stable_sort(theirs.verifications, {}, &verification_state::admitted);
    for (auto const& each : mine.limits) {
        auto* const found = theirs.find_limit(each.name);
        if (found == nullptr)
            theirs.limits.push_back(each);
        else
            found->tat = std::max(found->tat, each.tat);
    }
    for (auto const& each : mine.cooldowns) {
        auto* const found = theirs.find_cooldown(each.scope);
        if (found == nullptr)
            theirs.cooldowns.push_back(each);
        else
            merge(*found, each);
    }
    if (theirs.guesses && mine.guesses)
        merge(*theirs.guesses, *mine.guesses);
    else if (mine.guesses)
        theirs.guesses = mine.guesses;
}

} // namespace otpd::store::state
