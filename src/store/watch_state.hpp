#pragma once

/// How many codes of a prefix or a country were sent and verified: by the hour for two hours, and verified
/// ones by the day for fifteen days. Plain data and arithmetic; time is an argument.

#include "otpd/store/charge.hpp"
#include "store_time.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace otpd::store {

struct watch_state {
    static constexpr std::size_t days_kept = 15; ///< today and the 14 before it

    std::int64_t hour = 0; ///< since the epoch, as `day`
    std::uint64_t sent_now = 0;
    std::uint64_t sent_before = 0;
    std::uint64_t verified_now = 0;
    std::uint64_t verified_before = 0;
    std::int64_t day = 0;
    std::array<std::uint64_t, days_kept> verified{}; ///< by day; 0 is today
    store_time blocked_until;
    store_time expires;

    /// To the hour and the day of `now`. Everything below expects that it was done.
    void roll(store_time now) noexcept;

    /// What the rule says against one more send. A breaker that would trip does not yet: see trip().
    [[nodiscard]] std::optional<violation> against(watch const& rule, store_time now) const;
    void trip(watch const& rule, store_time now) noexcept;

    void count_sent(store_time now) noexcept;
    void count_verified(store_time now) noexcept;
    /// One that was not sent after all.
    void uncount_sent() noexcept;

private:
    [[nodiscard]] std::int64_t budget(watch const& rule, store_time now) const noexcept;
    /// Of the sliding hour.
    [[nodiscard]] std::int64_t unverified(store_time now) const noexcept;
    [[nodiscard]] bool has_room(watch const& rule, store_time now) const noexcept {
        return unverified(now) < budget(rule, now);
    }
    /// The first moment from `from` on, within its hour, at which there is room for one more.
    [[nodiscard]] std::optional<store_time> room_this_hour(watch const& rule,
                                                           store_time from) const noexcept;
    /// The same when the hour may end meanwhile. When there is never any: when the hours that are counted
    /// are over.
    [[nodiscard]] store_time next_room(watch const& rule, store_time now) const noexcept;
    /// This hour's, and what is counted of the hour before at its beginning.
    [[nodiscard]] std::int64_t unverified_now() const noexcept {
        return static_cast<std::int64_t>(sent_now) - static_cast<std::int64_t>(verified_now);
    }
    [[nodiscard]] std::int64_t unverified_before() const noexcept {
        return static_cast<std::int64_t>(sent_before) - static_cast<std::int64_t>(verified_before);
    }
};

} // namespace otpd::store
