#pragma once

/// The parts of the model. Each is one rule, as short as possible; none shares code with what it
/// tests.

#include "otpd/otp/policy.hpp"
#include "virtual_clock.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace otpd::simulation {

[[nodiscard]] constexpr std::int64_t whole_seconds_up(instant of) {
    return (of.count() + 999'999) / 1'000'000;
}
/// How long a caller is told to wait: rounded up, and at least a second.
[[nodiscard]] constexpr std::int64_t wait_in_seconds(instant of) {
    return of.count() <= 1'000'000 ? 1 : whole_seconds_up(of);
}

/// The state of a number has milliseconds, except for its limits.
[[nodiscard]] constexpr instant to_millisecond(instant of) {
    return std::chrono::floor<std::chrono::milliseconds>(of);
}

/// A time this far in the future was written by a fast clock.
constexpr instant clock_tolerance = std::chrono::seconds(1);

constexpr instant a_day = std::chrono::hours(24);

/// A limit of `quota` per `window`: all of it passes at once, and then one per window / quota.
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
    /// Drops what a fast clock counted, and returns whether it did.
    bool mend(rule const& of, instant now) {
        if (full_at_ <= now + of.window + clock_tolerance) return false;
        full_at_ = now;
        return true;
    }
    /// One more would pass: the limit is now as full as it can be, and a clock that goes back does
    /// not change that.
    void pass(instant now) { full_at_ = std::max(full_at_, now); }
    /// How long until the whole quota is available again.
    [[nodiscard]] instant busy(instant now) const { return std::max(instant(0), full_at_ - now); }

private:
    instant full_at_{};
};

/// The pause between the sends of a scope.
class pause {
public:
    [[nodiscard]] instant wait(instant now) const { return std::max(instant(0), until_ - now); }
    /// For another scope of the number.
    [[nodiscard]] instant wait_elsewhere(store::cooldown_rule const& rule, instant now) const {
        return std::max(instant(0), std::min(until_, began_ + rule.other_scopes) - now);
    }
    [[nodiscard]] instant began() const { return began_; }
    /// Drops the pause if a fast clock wrote it, and returns whether it did.
    bool mend(instant now);
    /// Begins the pause of one more send, which doubles with each consecutive one. Returns it.
    instant begin(store::cooldown_rule const& rule, instant now);
    /// Takes back a send that did not happen: a short back-off replaces its pause, if that is still
    /// the last one and not forgotten.
    void take_back(instant its_end, instant back_off, instant now);
    void forget_what_is_long_ago(instant now);

private:
    instant began_{};
    std::uint32_t in_a_row_ = 0;
    instant until_{};
    instant remembered_until_{};
};

/// Wrong guesses at a number. Strangers and known devices each have their own.
class tally {
public:
    enum class kind : std::uint8_t {
        of_strangers,
        of_devices,
        of_id /**< beyond the strangers' */
    };
    [[nodiscard]] static kind kind_of(bool is_known) {
        return is_known ? kind::of_devices : kind::of_strangers;
    }

    explicit tally(store::guess_budget const& rule) : rule_(&rule) {}
    /// How long a guess must wait; 0 if it need not.
    [[nodiscard]] instant wait(bool is_known, instant now) const;
    /// Whether an id can still have a guess of its own.
    [[nodiscard]] bool has_for_ids(instant now) const {
        return all(kind::of_id, now) < rule_->of_ids;
    }
    /// How long until guesses are available again. While the class has none, nothing is sent to it
    /// either.
    [[nodiscard]] instant used_up(bool is_known, instant now) const;
    void count(int by, kind what, instant now);
    void take_back(int by, instant now);
    /// Moves guesses that a fast clock counted to now. Returns whether there were any.
    bool mend(instant now);
    void forget_what_is_long_ago(instant now);
    [[nodiscard]] std::uint32_t left(bool is_known, instant now) const;
    /// Of every kind.
    [[nodiscard]] std::uint32_t counted(instant now) const;
    void forget_all() {
        wrong_.clear();
        from_ = {};
    }

private:
    struct entry {
        int by;
        kind what;
        instant since;
        instant until;
    };
    [[nodiscard]] std::uint32_t quota(bool is_known) const {
        return is_known ? rule_->of_devices : rule_->quota;
    }
    [[nodiscard]] std::uint32_t all(kind what, instant now) const;
    /// How long until fewer than `quota` are counted.
    [[nodiscard]] instant until_below(kind what, std::uint32_t quota, instant now) const;
    [[nodiscard]] instant pause_after(std::uint32_t guesses) const;

    store::guess_budget const* rule_;
    std::vector<entry> wrong_;      ///< one per guess
    std::array<instant, 2> from_{}; ///< guesses before this time must wait; by class
};

/// Strangers' wrong guesses at a number since the last success at it, over any time.
class failures_in_a_row {
public:
    explicit failures_in_a_row(std::uint32_t most) : most_(most) {}
    /// How long strangers must wait; 0 if they need not.
    [[nodiscard]] instant wait(instant now) const;
    [[nodiscard]] std::uint32_t left(instant now) const;
    [[nodiscard]] std::uint32_t counted(instant now) const;
    void count(instant now);
    void forget_all() { count_ = 0; }
    /// A failure in the future was now. Returns whether there was any.
    bool mend(instant now);
    void forget_what_is_long_ago(instant now) { count_ = counted(now); }

private:
    std::uint32_t most_; ///< 0: they are not counted
    std::uint32_t count_ = 0;
    instant last_{};
};

/// The last success at a number, after which some codes pass the guard against pumped SMS.
class trust {
public:
    /// `repeats`: the send repeats a code that was counted with its first send.
    [[nodiscard]] bool passes(bool is_known, bool repeats, instant now) const;
    void succeed(instant now);
    void count_code(bool is_known);
    /// The code of a send that was admitted then was not sent.
    void take_back(bool is_known, instant admitted);
    /// A success in the future was now. Returns whether there was any.
    bool mend(instant now);
    void forget_what_is_long_ago(instant now);

private:
    std::optional<instant> success_;
    std::array<std::uint32_t, 2> untyped_{}; ///< codes since then, by class
};

/// The devices that are known at a number, in the order in which they became known.
class known_devices {
public:
    [[nodiscard]] bool has(int device, instant now) const;
    /// A success. One too many replaces the one whose last success is the longest ago.
    void keep(int device, instant now);
    [[nodiscard]] std::uint32_t count(instant now) const;
    void forget_all() { list_.clear(); }
    /// A success in the future was now. Returns whether there was any.
    bool mend(instant now);
    void forget_what_is_long_ago(instant now);

private:
    struct entry {
        int device;
        instant last_success;
    };
    std::vector<entry> list_;
};

/// The codes that are out (sent and not typed) at an address, at a prefix or in a country: in the
/// last hour and in the last `typing`. Each is the present period of the clock, and of the one
/// before it the part that is less than so long ago.
class place {
public:
    explicit place(instant typing) : windows_{window(hour), window(typing)} {}
    /// How long until there is room for one more code; 0 if there is.
    [[nodiscard]] instant wait(std::int64_t out_max, instant now) const;
    void count_sent(instant now);
    void count_typed(instant now);
    /// A send that was admitted then did not happen.
    void take_back(instant admitted, instant now);
    /// A step writes it: what is over stays over, whatever a clock says later.
    void change(instant now);

private:
    static constexpr instant hour = std::chrono::hours(1);

    struct counts {
        std::int64_t sent = 0;
        std::int64_t typed = 0;
        /// A typed code is not out, and makes room for three others.
        [[nodiscard]] std::int64_t out() const { return sent - 4 * typed; }
    };
    struct window {
        explicit window(instant of) : length(of) {}
        void change(instant now);
        [[nodiscard]] std::int64_t out(instant now) const;

        instant length;
        std::int64_t period = 0;
        counts present;
        counts before;
    };
    std::array<window, 2> windows_; ///< of an hour, and of `typing`
};

/// Identifies a sum: a budget of the operator (or the ledger, which has no cap), its owner and its
/// period.
struct account {
    int budget = -1; ///< -1: the ledger
    int whose = 0;
    std::int64_t period = 0;

    friend auto operator<=>(account const&, account const&) = default;
};

struct reservation {
    account of;
    std::int64_t amount = 0;
    std::int64_t cap = 0;
    instant retention{};
};

/// What was taken from every budget, in millionths.
class sums {
public:
    [[nodiscard]] std::int64_t taken(account const& of, instant now) const;
    void take(reservation const& what, instant now);
    /// Does nothing if the sum is forgotten; never goes below 0.
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
