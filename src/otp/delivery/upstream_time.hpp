#pragma once

/// The times that the upstream writes. Their form is published nowhere.

#include "otpd/core/clock.hpp"

#include <optional>
#include <string_view>

namespace otpd::otp {

/// `2026-04-01T10:15:30`, also with a space for the T, without seconds, with fractions, and with `Z`, `+02:00`,
/// `+0200` or `+02` behind it: UTC without (what every Python service writes that says nothing). Or seconds
/// since 1970, or milliseconds when they are too many for seconds. Nothing for everything else.
[[nodiscard]] std::optional<wall_time> read_upstream_time(std::string_view text) noexcept;

} // namespace otpd::otp
