#include "state/number_state.hpp"

#include <algorithm>

namespace otpd::store::state {

namespace {

/// Those who have a state in their cache still find it for this long after it has expired. Wrong
/// guesses stay for another day: a clock that was ahead must not delete them.
constexpr counter_time retention_spare = std::chrono::minutes(1);
constexpr counter_time guess_retention_spare = std::chrono::hours(24);

void move_back(live_code& c, counter_time by) noexcept {
    c.begun -= by;
    c.end -= by;
}

/// Events are counted from the admission, so they move with it.
void move_back(verification_state& v, counter_time by) noexcept {
    v.admitted -= by;
    v.retained_until -= by;
    if (v.lease_end != store_time()) v.lease_end -= by;
}

void move_back(wrong_guesses& g, counter_time by) noexcept {
    g.since -= by;
    g.counted_until -= by;
}

} // namespace

std::uint32_t live_code::attempts_of(requester const& by) const noexcept {
    auto const* const found = find_in(attempts, &attempt_count::by, by);
    return found == nullptr ? 0 : found->count;
}

std::uint32_t live_code::count_attempt(requester const& by) {
    auto* found = find_in(attempts, &attempt_count::by, by);
    if (found == nullptr) found = &attempts.emplace_back(attempt_count{by, 0});
    return ++found->count;
}

void verification_state::end(progress how) noexcept {
    code_state = how;
    code = 0;
    if (how != progress::expired) lease_end = {};
}

void number_state::drop_unused_codes() noexcept {
    std::erase_if(codes, [this](live_code const& code) {
        return find_in(verifications, &verification_state::code, code.number) == nullptr;
    });
}

bool number_state::is_empty() const noexcept {
    return verifications.empty() && limits.empty() && cooldowns.empty() && guesses.empty() &&
           failures_in_a_row == 0 && devices.empty() && escalations.empty() &&
           verified_at == store_time();
}

void number_state::clear() noexcept {
    codes.clear();
    verifications.clear();
    limits.clear();
    cooldowns.clear();
    guesses.clear();
    guess_from = {};
    forget_failures();
    devices.clear();
    escalations.clear();
    verified_at = {};
    untyped = {};
}

void number_state::forget_failures() noexcept {
    failures_in_a_row = 0;
    last_failure = {};
}

bool number_state::advance(store_time now) {
    bool moved = false;
    auto const latest = now + clock_tolerance;
    auto const present = std::chrono::floor<duration>(now);
    for (auto& code : codes)
        if (code.begun > latest) {
            move_back(code, code.begun - present);
            moved = true;
        }
    for (auto& verification : verifications)
        if (verification.admitted > latest) {
            move_back(verification, verification.admitted - present);
            moved = true;
        }
    // Codes and verifications move apart. A verification is kept as long as its code is valid.
    if (moved)
        for (auto& verification : verifications)
            if (verification.is_live())
                verification.retained_until =
                    std::max(verification.retained_until, code_of(verification).end);
    // No rule could have written those: they limit nobody.
    moved = std::erase_if(cooldowns,
                          [latest](auto const& cooldown) { return cooldown.since > latest; }) > 0 ||
            moved;
    for (auto& guess : guesses)
        if (guess.since > latest) { // no guess is lost
            move_back(guess, guess.since - present);
            moved = true;
        }
    for (auto* const entry : {&guess_from.stranger, &guess_from.known_device})
        if (*entry > latest + guess_wait_max) {
            *entry = {};
            moved = true;
        }
    for (auto& device : devices)
        if (device.last_success > latest) {
            device.last_success = present;
            moved = true;
        }
    for (auto& verification : verifications)
        if (verification.hedge && verification.hedge->booked > latest) {
            verification.hedge->booked = present;
            moved = true;
        }
    for (auto& escalation : escalations)
        if (escalation > latest) {
            escalation = present;
            moved = true;
        }
    if (verified_at > latest) {
        verified_at = present;
        moved = true;
    }
    if (last_failure > latest) { // no failure is lost
        last_failure = present;
        moved = true;
    }
    std::erase_if(verifications,
                  [now](auto const& verification) { return verification.retained_until <= now; });
    for (auto& verification : verifications)
        if (verification.is_live() && code_of(verification).end <= now)
            verification.end(progress::expired);
    drop_unused_codes();
    std::erase_if(limits, [now](auto const& limit) { return limit.tat <= now; });
    std::erase_if(cooldowns, [now](auto const& cooldown) { return cooldown.streak_until <= now; });
    std::erase_if(guesses, [now](auto const& guess) { return guess.counted_until <= now; });
    if (guesses.empty()) guess_from = {};
    if (last_failure + failure_memory <= now) forget_failures();
    std::erase_if(devices,
                  [now](auto const& device) { return device.last_success + known_for <= now; });
    std::erase_if(escalations,
                  [now](auto escalation) { return escalation + escalation_window <= now; });
    if (verified_at + known_for <= now) {
        verified_at = {};
        untyped = {};
    }
    return moved;
}

store_time number_state::retained_until() const noexcept {
    auto last = store_time();
    for (auto const& verification : verifications)
        last = std::max(last, verification.retained_until);
    for (auto const& limit : limits)
        last = std::max(last, limit.tat);
    for (auto const& cooldown : cooldowns)
        last = std::max(last, cooldown.streak_until);
    for (auto const& device : devices)
        last = std::max(last, device.last_success + known_for);
    for (auto const escalation : escalations)
        last = std::max(last, escalation + escalation_window);
    last = std::max(last, verified_at + known_for); // a time that is 0 is over long ago
    last += retention_spare;
    for (auto const& guess : guesses)
        last = std::max(last, guess.counted_until + guess_retention_spare);
    return std::max(last, last_failure + failure_memory + guess_retention_spare);
}

live_codes count_live_codes(number_state const& state) noexcept {
    live_codes found;
    for (auto const& code : state.codes) {
        ++found.count;
        found.next_end = std::min(found.next_end, code.end);
    }
    return found;
}

} // namespace otpd::store::state
