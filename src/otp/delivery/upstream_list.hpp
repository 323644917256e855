#pragma once

/// The upstream's list of messages: its times, whose form is published nowhere, and how far it was
/// read.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/clock.hpp"

#include <optional>
#include <string_view>

namespace otpd::otp {

/// `2026-04-01T10:15:30`, also with a space for the T, without seconds, with fractions, and with
/// `Z`, `+02:00`, `+0200` or `+02` behind it: UTC without (what every Python service writes that
/// says nothing). Or seconds since 1970, or milliseconds when they are too many for seconds.
/// Nothing for everything else.
[[nodiscard]] std::optional<wall_time> read_upstream_time(std::string_view text) noexcept;

/// One pass through the list, newest first: how far it came, and what may be concluded from what it
/// did not show.
class list_scan {
public:
    /// `asked`: the limit that this page was asked for with.
    void add(bridgexapi::delivery_page const& page, std::int64_t asked);

    [[nodiscard]] std::size_t pages() const noexcept { return pages_; }
    [[nodiscard]] std::int64_t seen() const noexcept { return seen_; } ///< messages: where to go on
    [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }
    /// How many the upstream gives at once, when that is fewer than were asked for.
    [[nodiscard]] std::optional<std::int64_t> cap() const noexcept { return cap_; }
    /// A message made at `time` or later would have been shown: everything was, or older ones were
    /// and the list is, as far as it can be seen, in the order of its times (that is published
    /// nowhere).
    [[nodiscard]] bool covers(wall_time time) const noexcept;
    /// As far as it can be seen.
    [[nodiscard]] bool is_ordered() const noexcept { return ordered_; }

private:
    void note_time(std::optional<wall_time> made) noexcept;

    std::size_t pages_ = 0;
    std::int64_t seen_ = 0;
    bool exhausted_ = false;
    bool ordered_ = true;
    std::optional<std::int64_t> cap_;
    std::optional<wall_time> oldest_;
};

} // namespace otpd::otp
