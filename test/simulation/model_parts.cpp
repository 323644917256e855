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

std::uint32_t tally::all(bool of_id, instant now) const {
    return static_cast<std::uint32_t>(std::ranges::count_if(
        wrong_, [&](entry const& each) { return each.of_id == of_id && now < each.until; }));
}

instant tally::until_below(bool of_id, std::uint32_t quota, instant now) const {
    std::vector<instant> ends;
    for (auto const& each : wrong_)
        if (each.of_id == of_id && now < each.until) ends.push_back(each.until);
    std::ranges::sort(ends);
    return quota > ends.size() ? instant(0) : ends[ends.size() - quota] - now;
}

instant tally::wait(instant now) const {
    if (all(false, now) >= rule_->quota) return until_below(false, rule_->quota, now);
    return all(false, now) + all(true, now) > 0 ? std::max(instant(0), from_ - now) : instant(0);
}

instant tally::used_up(instant now) const {
    if (all(false, now) < rule_->quota || has_for_ids(now)) return instant(0);
    auto const wait = until_below(false, rule_->quota, now);
    return rule_->of_ids == 0 ? wait : std::min(wait, until_below(true, rule_->of_ids, now));
}

void tally::count(int by, bool of_id, instant now) {
    forget_what_is_long_ago(now);
    now = to_millisecond(now);
    instant const part = rule_->window / 24;
    auto const since = now - now % part;
    wrong_.push_back({by, of_id, since, since + part + rule_->window});
    if (of_id) return;
    if (auto const wait = pause_after(all(false, now)); wait > instant(0))
        from_ = std::max(from_, now + wait);
}

void tally::take_back(int by, instant now) {
    forget_what_is_long_ago(now);
    std::erase_if(wrong_, [by](entry const& each) { return each.by == by; });
    if (all(false, now) == 0) from_ = instant(0);
}

bool tally::mend(instant now) {
    bool mended = false;
    for (auto& each : wrong_) {
        if (each.since <= now + clock_tolerance) continue;
        auto const by = each.since - to_millisecond(now);
        each.since -= by;
        each.until -= by;
        mended = true;
    }
    return mended;
}

void tally::forget_what_is_long_ago(instant now) {
    std::erase_if(wrong_, [now](entry const& each) { return each.until <= now; });
    if (wrong_.empty()) from_ = instant(0);
}

std::uint32_t tally::left(instant now) const {
    return rule_->quota - std::min(rule_->quota, all(false, now));
}

// --- money --------------------------------------------------------------------------------------

bool sums::is_kept(account const& of, instant now) const {
    auto const found = all_.find(of);
    return found != all_.end() && now < found->second.forgotten;
}

std::int64_t sums::taken(account const& of, instant now) const {
    return is_kept(of, now) ? all_.at(of).taken : 0;
}

void sums::take(reservation const& what, instant now) {
    if (!is_kept(what.of, now)) all_[what.of] = sum{0, now + what.retention};
    all_.at(what.of).taken += what.amount;
}

void sums::change(account const& of, std::int64_t by, instant now) {
    if (!is_kept(of, now)) return;
    auto& taken = all_.at(of).taken;
    taken = std::max<std::int64_t>(0, taken + by);
}

} // namespace otpd::simulation
