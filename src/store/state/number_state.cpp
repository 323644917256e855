#include "state/number_state.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace otpd::store::state {

namespace {

/// Those who have a state in their cache still find it for this long after it has expired. Wrong
/// guesses stay for another day: a clock that was ahead must not delete them.
constexpr counter_time retention_spare = std::chrono::minutes(1);
constexpr counter_time guess_retention_spare = std::chrono::hours(24);

/// Events are counted from the admission, so they move with it.
void move_back(verification_state& v, counter_time by) noexcept {
    v.admitted -= by;
    v.code_end -= by;
    v.retained_until -= by;
    if (v.lease_end != store_time()) v.lease_end -= by;
}

void move_back(guess_state& g, counter_time by) noexcept {
    g.last -= by;
    g.open_from -= by;
    g.held_from -= by;
    g.counted_until -= by;
}

} // namespace

void verification_state::end(progress how) noexcept {
    code_state = how;
    OPENSSL_cleanse(code.nonce.data(), code.nonce.size());
    code = {};
    if (how != progress::expired) lease_end = {};
}

bool number_state::is_empty() const noexcept {
    return verifications.empty() && limits.empty() && cooldowns.empty() && !guesses;
}

void number_state::clear() noexcept {
    verifications.clear();
    limits.clear();
    cooldowns.clear();
    guesses.reset();
}

bool number_state::advance(store_time now) {
    bool moved = false;
    auto const latest = now + clock_tolerance;
    auto const present = std::chrono::floor<duration>(now);
    for (auto& each : verifications)
        if (each.admitted > latest) {
            move_back(each, each.admitted - present);
            moved = true;
        }
    // No rule could have written those: they limit nobody.
    moved =
        std::erase_if(cooldowns, [latest](auto const& each) { return each.since > latest; }) > 0 ||
        moved;
    if (guesses && guesses->last > latest) { // never fewer than were counted
        move_back(*guesses, guesses->last - present);
        moved = true;
    }
    std::erase_if(verifications, [now](auto const& each) { return each.retained_until <= now; });
    for (auto& each : verifications)
        if (each.is_live() && each.code_end <= now) each.end(progress::expired);
    std::erase_if(limits, [now](auto const& each) { return each.tat <= now; });
    std::erase_if(cooldowns, [now](auto const& each) { return each.streak_until <= now; });
    if (guesses && guesses->counted_until <= now) guesses.reset();
    return moved;
}

store_time number_state::retained_until() const noexcept {
    auto last = store_time();
    for (auto const& each : verifications)
        last = std::max(last, each.retained_until);
    for (auto const& each : limits)
        last = std::max(last, each.tat);
    for (auto const& each : cooldowns)
        last = std::max(last, each.streak_until);
    last += retention_spare;
    if (guesses) last = std::max(last, guesses->counted_until + guess_retention_spare);
    return last;
}

live_codes count_live_codes(number_state const& state) noexcept {
    live_codes found;
    for (auto const& each : state.verifications)
        if (each.is_live()) {
            ++found.count;
            found.next_end = std::min({found.next_end, each.code_end, each.retained_until});
        }
    return found;
}

} // namespace otpd::store::state
