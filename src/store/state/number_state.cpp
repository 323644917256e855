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
    std::erase_if(codes, [this](live_code const& each) {
        return find_in(verifications, &verification_state::code, each.number) == nullptr;
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
    for (auto& each : codes)
        if (each.begun > latest) {
            move_back(each, each.begun - present);
            moved = true;
        }
    for (auto& each : verifications)
        if (each.admitted > latest) {
            move_back(each, each.admitted - present);
            moved = true;
        }
    // Codes and verifications move apart. A verification is kept as long as its code is valid.
    if (moved)
        for (auto& each : verifications)
            if (each.is_live())
                each.retained_until = std::max(each.retained_until, code_of(each).end);
    // No rule could have written those: they limit nobody.
    moved =
        std::erase_if(cooldowns, [latest](auto const& each) { return each.since > latest; }) > 0 ||
        moved;
    for (auto& each : guesses)
        if (each.since > latest) { // no guess is lost
            move_back(each, each.since - present);
            moved = true;
        }
    for (auto* const each : {&guess_from.stranger, &guess_from.known_device})
        if (*each > latest + guess_wait_max) {
            *each = {};
            moved = true;
        }
    for (auto& each : devices)
        if (each.last_success > latest) {
            each.last_success = present;
            moved = true;
        }
    for (auto& each : verifications)
        if (each.hedge && each.hedge->booked > latest) {
            each.hedge->booked = present;
            moved = true;
        }
    for (auto& each : escalations)
        if (each > latest) {
            each = present;
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
    std::erase_if(verifications, [now](auto const& each) { return each.retained_until <= now; });
    for (auto& each : verifications)
        if (each.is_live() && code_of(each).end <= now) each.end(progress::expired);
    drop_unused_codes();
    std::erase_if(limits, [now](auto const& each) { return each.tat <= now; });
    std::erase_if(cooldowns, [now](auto const& each) { return each.streak_until <= now; });
    std::erase_if(guesses, [now](auto const& each) { return each.counted_until <= now; });
    if (guesses.empty()) guess_from = {};
    if (last_failure + failure_memory <= now) forget_failures();
    std::erase_if(devices,
                  [now](auto const& each) { return each.last_success + known_for <= now; });
    std::erase_if(escalations, [now](auto each) { return each + escalation_window <= now; });
    if (verified_at + known_for <= now) {
        verified_at = {};
        untyped = {};
    }
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
    for (auto const& each : devices)
        last = std::max(last, each.last_success + known_for);
    for (auto const each : escalations)
        last = std::max(last, each + escalation_window);
    last = std::max(last, verified_at + known_for); // a time that is 0 is over long ago
    last += retention_spare;
    for (auto const& each : guesses)
        last = std::max(last, each.counted_until + guess_retention_spare);
    return std::max(last, last_failure + failure_memory + guess_retention_spare);
}

live_codes count_live_codes(number_state const& state) noexcept {
    live_codes found;
    for (auto const& each : state.codes) {
        ++found.count;
        found.next_end = std::min(found.next_end, each.end);
    }
    return found;
}

} // namespace otpd::store::state
