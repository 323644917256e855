#include "model_parts.hpp"

#include <algorithm>

namespace otpd::simulation {

// --- limits -------------------------------------------------------------------------------------

instant meter::wait(rule const& of, instant now) const {
    auto const room_at = busy(now) + of.one() - of.window;
    return std::max(instant(0), room_at);
}

void meter::take(rule const& of, instant now) {
    full_at_ = now + busy(now) + of.one();
}

void meter::refund(rule const& of, instant now) {
    full_at_ = std::max(now, full_at_ - of.one());
}

// --- the cooldown -------------------------------------------------------------------------------

instant pause::begin(store::cooldown_rule const& rule, instant now) {
    forget_what_is_long_ago(now);
    now = to_millisecond(now);
    ++in_a_row_;
    instant length = rule.base;
    for (std::uint32_t n = 1; n < in_a_row_ && length < rule.longest; ++n)
        length *= 2;
    length = std::min(length, instant(rule.longest));
    began_ = now;
    until_ = now + length;
    remembered_until_ = until_;
    if (rule.longest > rule.base) // a pause that never doubles needs no memory
        remembered_until_ = now + std::max(length, instant(rule.memory));
    return length;
}

void pause::take_back(instant its_end, instant back_off, instant now) {
    forget_what_is_long_ago(now);
    if (remembered_until_ == instant(0)) return;
    if (in_a_row_ > 0) --in_a_row_;
    if (its_end != until_) return;
    now = to_millisecond(now);
    began_ = now;
    until_ = now + back_off;
    remembered_until_ = in_a_row_ > 0 ? std::max(remembered_until_, until_) : until_;
}

bool pause::mend(instant now) {
    if (began_ <= now + clock_tolerance) return false;
    in_a_row_ = 0;
    began_ = until_ = remembered_until_ = instant(0);
    return true;
}

void pause::forget_what_is_long_ago(instant now) {
    if (now < remembered_until_) return;
    in_a_row_ = 0;
    until_ = remembered_until_ = instant(0);
}

// --- guesses ------------------------------------------------------------------------------------

instant tally::pause_after(std::uint32_t guesses) const {
    if (rule_->wait_from == 0 || guesses < rule_->wait_from) return instant(0);
    instant length = rule_->wait_base;
    for (auto n = rule_->wait_from; n < guesses && length < rule_->wait_max; ++n)
        length *= 2;
    return std::min(length, instant(rule_->wait_max));
}

instant tally::wait(bool with_id, instant now) const {
    if (all(now) == 0) return instant(0);
    if (all(now) >= usable(with_id)) return forgotten_ - now;
    return std::max(instant(0), (with_id ? held_from_ : open_from_) - now);
}

instant tally::used_up(instant now) const {
    return all(now) >= rule_->quota ? forgotten_ - now : instant(0);
}

void tally::count(bool with_id, instant now) {
    bool const is_first = all(now) == 0;
    now = to_millisecond(now);
    if (is_first) {
        *this = tally(*rule_);
        held_from_ = open_from_ = now;
    }
    ++(with_id ? held_ : open_);
    // Guesses with the id wait only for each other; those without it wait for all.
    if (with_id) held_from_ = now + pause_after(held_);
    auto const open_from = now + pause_after(held_ + open_);
    open_from_ = with_id ? std::max(open_from_, open_from) : open_from;
    last_ = now;
    forgotten_ = now + rule_->window;
}

bool tally::mend(instant now) {
    if (held_ + open_ == 0 || last_ <= now + clock_tolerance) return false;
    auto const by = last_ - to_millisecond(now);
    for (auto* each : {&last_, &held_from_, &open_from_, &forgotten_})
        *each -= by;
    return true;
}

std::uint32_t tally::left(bool with_id, instant now) const {
    return usable(with_id) - std::min(usable(with_id), all(now));
}

// --- money --------------------------------------------------------------------------------------

bool sums::is_kept(account const& of, instant now) const {
    auto const found = all_.find(of);
    return found != all_.end() && now < found->second.forgotten;
}

std::int64_t sums::taken(account const& of, instant now) const {
    return is_kept(of, now) ? all_.at(of).taken : 0;
}

void sums::take(booking const& what, instant now) {
    if (!is_kept(what.of, now)) all_[what.of] = sum{0, now + what.retention};
    all_.at(what.of).taken += what.amount;
}

void sums::change(account const& of, std::int64_t by, instant now) {
    if (!is_kept(of, now)) return;
    auto& taken = all_.at(of).taken;
    taken = std::max<std::int64_t>(0, taken + by);
}

} // namespace otpd::simulation
