#include "model_parts.hpp"

#include <algorithm>
#include <limits>

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

std::uint32_t tally::all(kind what, instant now) const {
    return static_cast<std::uint32_t>(std::ranges::count_if(
        wrong_, [&](entry const& entry) { return entry.what == what && now < entry.until; }));
}

instant tally::until_below(kind what, std::uint32_t quota, instant now) const {
    std::vector<instant> ends;
    for (auto const& entry : wrong_)
        if (entry.what == what && now < entry.until) ends.push_back(entry.until);
    std::ranges::sort(ends);
    return quota > ends.size() ? instant(0) : ends[ends.size() - quota] - now;
}

instant tally::wait(bool is_known, instant now) const {
    if (left(is_known, now) == 0) return until_below(kind_of(is_known), quota(is_known), now);
    bool const is_any_counted =
        std::ranges::any_of(wrong_, [now](entry const& entry) { return now < entry.until; });
    return is_any_counted ? std::max(instant(0), from_.at(is_known ? 1 : 0) - now) : instant(0);
}

instant tally::used_up(bool is_known, instant now) const {
    if (left(is_known, now) > 0) return instant(0);
    auto const wait = until_below(kind_of(is_known), quota(is_known), now);
    if (is_known || rule_->of_ids == 0) return wait;
    return has_for_ids(now) ? instant(0)
                            : std::min(wait, until_below(kind::of_id, rule_->of_ids, now));
}

void tally::count(int by, kind what, instant now) {
    forget_what_is_long_ago(now);
    now = to_millisecond(now);
    instant const part = rule_->window / 24;
    auto const since = now - now % part;
    wrong_.push_back({by, what, since, since + part + rule_->window});
    if (what == kind::of_id) return;
    auto& from = from_.at(what == kind::of_devices ? 1 : 0);
    if (auto const wait = pause_after(all(what, now)); wait > instant(0))
        from = std::max(from, now + wait);
}

void tally::take_back(int by, instant now) {
    forget_what_is_long_ago(now);
    std::erase_if(wrong_, [by](entry const& entry) { return entry.by == by; });
    if (all(kind::of_strangers, now) == 0) from_[0] = instant(0);
    if (all(kind::of_devices, now) == 0) from_[1] = instant(0);
}

bool tally::mend(instant now) {
    bool mended = false;
    for (auto& entry : wrong_) {
        if (entry.since <= now + clock_tolerance) continue;
        auto const by = entry.since - to_millisecond(now);
        entry.since -= by;
        entry.until -= by;
        mended = true;
    }
    return mended;
}

void tally::forget_what_is_long_ago(instant now) {
    std::erase_if(wrong_, [now](entry const& entry) { return entry.until <= now; });
    if (wrong_.empty()) from_ = {};
}

std::uint32_t tally::left(bool is_known, instant now) const {
    return quota(is_known) - std::min(quota(is_known), all(kind_of(is_known), now));
}

std::uint32_t tally::counted(instant now) const {
    return all(kind::of_strangers, now) + all(kind::of_devices, now) + all(kind::of_id, now);
}

namespace {

constexpr instant failures_remembered_for = std::chrono::hours(30 * 24);

} // namespace

std::uint32_t failures_in_a_row::counted(instant now) const {
    return now < last_ + failures_remembered_for ? count_ : 0;
}

std::uint32_t failures_in_a_row::left(instant now) const {
    if (most_ == 0) return std::numeric_limits<std::uint32_t>::max();
    return most_ - std::min(most_, counted(now));
}

instant failures_in_a_row::wait(instant now) const {
    return left(now) > 0 ? instant(0) : last_ + failures_remembered_for - now;
}

void failures_in_a_row::count(instant now) {
    if (most_ == 0) return;
    count_ = counted(now) + 1;
    last_ = to_millisecond(now);
}

bool failures_in_a_row::mend(instant now) {
    if (count_ == 0 || last_ <= now + clock_tolerance) return false;
    last_ = to_millisecond(now);
    return true;
}

// --- devices ------------------------------------------------------------------------------------

namespace {

constexpr std::size_t devices_max = 8;
constexpr instant known_for = std::chrono::hours(90 * 24);
constexpr std::uint32_t codes_that_pass = 3;

} // namespace

bool trust::passes(bool is_known, bool repeats, instant now) const {
    return success_ && now < *success_ + known_for &&
           untyped_.at(is_known ? 1 : 0) < codes_that_pass + (repeats ? 1 : 0);
}

void trust::succeed(instant now) {
    success_ = to_millisecond(now);
    untyped_ = {};
}

void trust::count_code(bool is_known) {
    if (success_) ++untyped_.at(is_known ? 1 : 0);
}

void trust::take_back(bool is_known, instant admitted) {
    auto& untyped = untyped_.at(is_known ? 1 : 0);
    if (untyped > 0 && admitted >= *success_) --untyped;
}

bool trust::mend(instant now) {
    if (!success_ || *success_ <= now + clock_tolerance) return false;
    success_ = to_millisecond(now);
    return true;
}

void trust::forget_what_is_long_ago(instant now) {
    if (!success_ || now < *success_ + known_for) return;
    success_.reset();
    untyped_ = {};
}

bool known_devices::has(int device, instant now) const {
    return std::ranges::any_of(list_, [&](entry const& entry) {
        return entry.device == device && now < entry.last_success + known_for;
    });
}

std::uint32_t known_devices::count(instant now) const {
    return static_cast<std::uint32_t>(std::ranges::count_if(
        list_, [now](entry const& entry) { return now < entry.last_success + known_for; }));
}

void known_devices::keep(int device, instant now) {
    forget_what_is_long_ago(now);
    now = to_millisecond(now);
    auto found = std::ranges::find(list_, device, &entry::device);
    if (found == list_.end()) {
        if (list_.size() == devices_max)
            list_.erase(std::ranges::min_element(list_, {}, &entry::last_success));
        found = list_.insert(list_.end(), {device, now});
    }
    found->last_success = now;
}

bool known_devices::mend(instant now) {
    bool mended = false;
    for (auto& entry : list_) {
        if (entry.last_success <= now + clock_tolerance) continue;
        entry.last_success = to_millisecond(now);
        mended = true;
    }
    return mended;
}

void known_devices::forget_what_is_long_ago(instant now) {
    std::erase_if(list_,
                  [now](entry const& entry) { return entry.last_success + known_for <= now; });
}

// --- codes out ----------------------------------------------------------------------------------

void place::window::change(instant now) {
    auto const at = now / length;
    if (at == period + 1) before = present;
    if (at > period + 1) before = counts();
    if (at > period) present = counts();
    period = at; // a clock that went back: what was counted later counts now
}

std::int64_t place::window::out(instant now) const {
    auto then = *this;
    then.change(now);
    auto const left = length - to_millisecond(now) % length;
    return then.present.out() + then.before.out() * left.count() / length.count();
}

/// Nothing is sent or typed meanwhile, so room that there is stays, and two periods later all is
/// forgotten.
instant place::wait(std::int64_t out_max, instant now) const {
    instant longest{};
    for (auto window : windows_) {
        window.change(now);
        auto const has_room = [&](instant at) { return window.out(at) < out_max; };
        if (has_room(now)) continue;
        std::int64_t refused = 0; // in milliseconds from now
        std::int64_t admitted = 2 * window.length.count() / 1000;
        while (admitted - refused > 1) {
            auto const middle = (refused + admitted) / 2;
            bool const is_late = has_room(to_millisecond(now) + std::chrono::milliseconds(middle));
            (is_late ? admitted : refused) = middle;
        }
        longest = std::max<instant>(longest, std::chrono::milliseconds(admitted));
    }
    return longest;
}

void place::change(instant now) {
    for (auto& window : windows_)
        window.change(now);
}

void place::count_sent(instant now) {
    change(now);
    for (auto& window : windows_)
        ++window.present.sent;
}

void place::count_typed(instant now) {
    change(now);
    for (auto& window : windows_)
        ++window.present.typed;
}

void place::take_back(instant admitted, instant now) {
    change(now);
    for (auto& window : windows_) {
        auto const then = admitted / window.length;
        if (then + 1 < window.period) continue;
        auto& sent = then < window.period ? window.before.sent : window.present.sent;
        sent = std::max<std::int64_t>(0, sent - 1);
    }
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
