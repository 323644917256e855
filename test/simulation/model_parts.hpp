#pragma once

/// The books of the model. Each is a rule of its own, in as few words as it can be said in; none
/// shares code with what is tested.

#include "otpd/otp/policy.hpp"
#include "virtual_clock.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>

namespace otpd::simulation {

[[nodiscard]] constexpr std::int64_t whole_seconds_up(instant of) {
    return (of.count() + 999'999) / 1'000'000;
}
/// Until when a caller is told to wait: rounded up, and at least a second.
[[nodiscard]] constexpr std::int64_t wait_in_seconds(instant of) {
    return of.count() <= 1'000'000 ? 1 : whole_seconds_up(of);
}

/// What is kept of a number, but for limits, is kept to the millisecond.
[[nodiscard]] constexpr instant to_millisecond(instant of) {
    return std::chrono::floor<std::chrono::milliseconds>(of);
}

/// What is so much later than now was written by a clock that was ahead.
constexpr instant clock_tolerance = std::chrono::seconds(1);

/// A limit of `quota` in each `window` lets all of it pass at once and then one in each window /
/// quota.
class meter {
public:
    struct rule {
        std::int64_t quota = 1;
        instant window{};
        [[nodiscard]] instant one() const {
            return std::max(instant(1), instant(window.count() / quota));
        }
    };
    /// How long until one more passes.
    [[nodiscard]] instant wait(rule const& of, instant now) const;
    void take(rule const& of, instant now);
    void refund(rule const& of, instant now);
    /// A clock that was ahead has used it: nobody did.
    void mend(rule const& of, instant now) {
        if (full_at_ > now + of.window + clock_tolerance) full_at_ = now;
    }
    /// One more would pass: it is as full as it can be now, and a clock that goes back changes
    /// nothing of that.
    void pass(instant now) { full_at_ = std::max(full_at_, now); }
    /// How long until all of it is there again.
    [[nodiscard]] instant busy(instant now) const { return std::max(instant(0), full_at_ - now); }

private:
    instant full_at_{};
};

/// The pause between the sends of a slot.
class pause {
public:
    [[nodiscard]] instant wait(instant now) const { return std::max(instant(0), until_ - now); }
    /// Of another slot of the number.
    [[nodiscard]] instant wait_elsewhere(store::cooldown_rule const& rule, instant now) const {
        return std::max(instant(0), std::min(until_, began_ + rule.other_scopes) - now);
    }
    [[nodiscard]] instant began() const { return began_; }
    /// Its clock was ahead: there is none. True then.
    bool mend(instant now);
    /// One more send: the pause doubles with each in a row. Returns it.
    instant begin(store::cooldown_rule const& rule, instant now);
    /// That send was none: a short pause takes the place of its own, if that is still the last one
    /// and not forgotten.
    void take_back(instant its_end, instant back_off, instant now);
    void forget_what_is_long_ago(instant now);

private:
    instant began_{};
    std::uint32_t in_a_row_ = 0;
    instant until_{};
    instant remembered_until_{};
};

/// Wrong guesses at a number: by whom holds the id, and by everybody else.
class tally {
public:
    explicit tally(store::guess_budget const& rule) : rule_(&rule) {}
    /// Whether a guess has to wait, and how long.
    [[nodiscard]] instant wait(bool with_id, instant now) const;
    /// Nobody's guess is left, so nothing is sent either. How long until there are some.
    [[nodiscard]] instant used_up(instant now) const;
    void count(bool with_id, instant now);
    void clear() { held_ = open_ = 0; }
    /// Those that a clock counted that was ahead were now. True when there are such.
    bool mend(instant now);
    void forget_what_is_long_ago(instant now) {
        if (all(now) == 0) clear();
    }
    /// Guesses that are left to those with the id, or to those without.
    [[nodiscard]] std::uint32_t left(bool with_id, instant now) const;

private:
    [[nodiscard]] std::uint32_t all(instant now) const {
        return now < forgotten_ ? held_ + open_ : 0;
    }
    [[nodiscard]] std::uint32_t usable(bool with_id) const {
        return with_id ? rule_->quota : rule_->quota - rule_->reserve;
    }
    [[nodiscard]] instant pause_after(std::uint32_t guesses) const;

    store::guess_budget const* rule_;
    std::uint32_t held_ = 0;
    std::uint32_t open_ = 0;
    instant last_{};
    instant held_from_{};
    instant open_from_{};
    instant forgotten_{};
};

/// Which sum: a budget of the operator (or the ledger, which has no cap), whose, of which period.
struct account {
    int budget = -1; ///< -1: the ledger
    int whose = 0;
    std::int64_t period = 0;

    friend auto operator<=>(account const&, account const&) = default;
};

struct booking {
    account of;
    std::int64_t amount = 0;
    std::int64_t cap = 0;
    instant retention{};
};

/// What was taken of every budget, in millionths.
class sums {
public:
    [[nodiscard]] std::int64_t taken(account const& of, instant now) const;
    void take(booking const& what, instant now);
    /// Nothing when the sum is forgotten; never under 0.
    void change(account const& of, std::int64_t by, instant now);
    [[nodiscard]] bool is_kept(account const& of, instant now) const;

private:
    struct sum {
        std::int64_t taken = 0;
        instant forgotten{};
    };
    std::map<account, sum> all_;
};

} // namespace otpd::simulation
