// The stub's clock: the system clock, which a test can stop and move. Delivery states follow it, so
// a test moves a message from QUEUED to DELIVERED without waiting. Not thread-safe: the service
// guards it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bridgexapi_stub {

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

class stub_clock {
public:
    timestamp now() const;
    bool frozen() const { return frozen_at_.has_value(); }

    void freeze();                              // stops the clock; no effect if it is stopped
    void resume();                              // continues from the current time
    void advance(std::chrono::microseconds by); // on a frozen or running clock; may be negative
    void set(timestamp to);

private:
    std::chrono::microseconds offset_{0}; // ahead of the system clock while running
    std::optional<timestamp> frozen_at_;
};

// The real upstream's `created_at` is unknown, so every plausible format can be chosen.
enum class time_format {
    naive,  // 2026-04-01T10:15:30 (a FastAPI service with naive datetimes)
    micro,  // 2026-04-01T10:15:30.123456
    zulu,   // 2026-04-01T10:15:30Z
    offset, // 2026-04-01T10:15:30+00:00
    space,  // 2026-04-01 10:15:30
    epoch,  // 1775038530
};

std::string format_time(timestamp when, time_format format);
std::optional<time_format> parse_time_format(std::string_view name);
std::string_view to_string(time_format format);

// Parses all ISO forms of format_time, and a bare date (its first moment). Times without a zone are
// UTC.
std::optional<timestamp> parse_time(std::string_view text);

} // namespace bridgexapi_stub
