#pragma once

/// The upstream's list of messages: its times, whose format is not documented, and how far it was
/// read.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/clock.hpp"

#include <optional>
#include <string_view>

namespace otpd::otp {

/// Parses `2026-04-01T10:15:30`, also with a space instead of the T, without seconds, with
/// fractions, and followed by `Z`, `+02:00`, `+0200` or `+02`. Without an offset it is UTC, as
/// Python services write it. A plain number is seconds since 1970, or milliseconds if it is too
/// large for seconds. Returns nullopt for anything else.
[[nodiscard]] std::optional<wall_time> read_upstream_time(std::string_view text);

/// One pass through the list, newest first. It records how far the pass came and what the absence
/// of a message proves.
class list_scan {
public:
    /// `asked`: the requested page limit.
    void add(bridgexapi::delivery_page const& page, std::int64_t asked);

    [[nodiscard]] std::size_t pages() const noexcept { return pages_; }
    /// Messages: the next page begins here.
    [[nodiscard]] std::int64_t seen() const noexcept { return seen_; }
    [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }
    /// The most messages per page, if the upstream returns fewer than requested.
    [[nodiscard]] std::optional<std::int64_t> cap() const noexcept { return cap_; }
    /// Returns whether a message made at `time` or later would have been shown: either all messages
    /// were shown, or older ones were and the list appears to be ordered by time (which is not
    /// documented).
    [[nodiscard]] bool covers(wall_time time) const noexcept;
    /// As far as the pass has shown.
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
