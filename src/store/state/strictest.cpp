#include "state/strictest.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

void end_if_live(verification_state& verification, progress how) noexcept {
    if (verification.is_live()) verification.end(how);
}

/// `mine` is the later version. The result refers to the codes of `theirs`.
verification_state strictest(verification_state const& theirs, verification_state mine) {
    if (mine.is_live() && !theirs.is_live()) mine.end(theirs.code_state);
    if (mine.is_live()) mine.code = theirs.code;
    mine.is_guessed = mine.is_guessed || theirs.is_guessed;
    if (!mine.hedge && mine.taken.number != 0) mine.hedge = theirs.hedge; // never a third message
    mine.retained_until = std::max(mine.retained_until, theirs.retained_until);
    return mine;
}

void merge(live_code& theirs, live_code const& mine) noexcept {
    theirs.begun = std::min(theirs.begun, mine.begun);
    theirs.end = std::min(theirs.end, mine.end);
    for (auto const& attempt : mine.attempts) {
        auto* const found = find_in(theirs.attempts, &attempt_count::by, attempt.by);
        if (found == nullptr)
            theirs.attempts.push_back(attempt);
        else
            found->count = std::max(found->count, attempt.count);
    }
}

void merge(cooldown_state& theirs, cooldown_state const& mine) noexcept {
    theirs.sends = std::max(theirs.sends, mine.sends);
    theirs.since = std::max(theirs.since, mine.since);
    theirs.pause_until = std::max(theirs.pause_until, mine.pause_until);
    theirs.streak_until = std::max(theirs.streak_until, mine.streak_until);
}

void merge(std::vector<wrong_guesses>& theirs, wrong_guesses const& mine) {
    auto const found = std::ranges::find_if(theirs, [&](wrong_guesses const& their) {
        return their.by == mine.by && their.kind == mine.kind && their.since == mine.since;
    });
    if (found == theirs.end()) {
        theirs.push_back(mine);
        return;
    }
    found->count = std::max(found->count, mine.count);
    found->counted_until = std::max(found->counted_until, mine.counted_until);
}

/// A device is known if both know it. Its success counts from the earlier of two.
void merge(std::vector<known_device>& theirs, std::vector<known_device> const& mine) {
    std::erase_if(theirs, [&](known_device& their) {
        auto const* const found = find_in(mine, &known_device::hash, their.hash);
        if (found != nullptr)
            their.last_success = std::min(their.last_success, found->last_success);
        return found == nullptr;
    });
}

live_code const* find_code(number_state const& state, code_seed const& seed) noexcept {
    return find_in(state.codes, &live_code::seed, seed);
}

} // namespace

void make_strictest(number_state& theirs, number_state const& mine) {
    for (auto& code : theirs.codes)
        if (auto const* const seen = find_code(mine, code.seed)) merge(code, *seen);
    for (auto& verification : theirs.verifications) {
        if (auto const* const seen = mine.find(verification.id))
            verification = strictest(verification, *seen);
        else
            end_if_live(verification, progress::expired);
    }
    for (auto const& verification : mine.verifications)
        if (theirs.find(verification.id) == nullptr)
            end_if_live(theirs.verifications.emplace_back(verification), progress::expired);
    theirs.drop_unused_codes();
    std::ranges::stable_sort(theirs.verifications, {}, &verification_state::admitted);
    for (auto const& limit : mine.limits) {
        auto* const found = theirs.find_limit(limit.name);
        if (found == nullptr)
            theirs.limits.push_back(limit);
        else
            found->tat = std::max(found->tat, limit.tat);
    }
    for (auto const& cooldown : mine.cooldowns) {
        auto* const found = theirs.find_cooldown(cooldown.session());
        if (found == nullptr)
            theirs.cooldowns.push_back(cooldown);
        else
            merge(*found, cooldown);
    }
    for (auto const& guess : mine.guesses)
        merge(theirs.guesses, guess);
    theirs.failures_in_a_row = std::max(theirs.failures_in_a_row, mine.failures_in_a_row);
    theirs.last_failure = std::max(theirs.last_failure, mine.last_failure);
    merge(theirs.devices, mine.devices);
    if (mine.escalations.size() > theirs.escalations.size()) theirs.escalations = mine.escalations;
    theirs.verified_at = std::min(theirs.verified_at, mine.verified_at);
    for (auto const entry : {requester_class::stranger, requester_class::known_device}) {
        theirs.guess_from[entry] = std::max(theirs.guess_from[entry], mine.guess_from[entry]);
        theirs.untyped[entry] = std::max(theirs.untyped[entry], mine.untyped[entry]);
    }
}

} // namespace otpd::store::state
