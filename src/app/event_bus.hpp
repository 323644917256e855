#pragma once

/// Distributes the events of verifications to the listeners of this process and to the timeline
/// file.

#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/rotating_file.hpp"

#include <algorithm>
#include <vector>

namespace otpd::app {

/// Passes each event to the listeners in the order of their registration.
class event_bus final : public otp::observer {
public:
    /// Call only while the program starts. The listener must outlive the bus.
    void add(otp::observer& listener) { listeners_.push_back(&listener); }
    [[nodiscard]] bool wants(otp::event_type kind) const noexcept override {
        return std::ranges::any_of(listeners_,
                                   [kind](auto* listener) { return listener->wants(kind); });
    }
    void on_event(otp::verification_event const& event) noexcept override {
        for (auto* const listener : listeners_)
            listener->on_event(event);
    }

private:
    std::vector<otp::observer*> listeners_;
};

/// Writes one JSON object per event and line, in the form of the log (telemetry/log.hpp): `event`
/// is its type, `at_ms` its time in milliseconds since 1970. Money is in millionths (`_micros`). A
/// verification has the half of its id that the log has. Empty fields are omitted. Writing a line
/// never waits for the file: a full queue drops the oldest line.
class timeline_file final : public otp::observer {
public:
    /// Throws std::system_error if the file cannot be opened.
    timeline_file(telemetry::rotating_file_options file, std::size_t queue_lines_max);

    void on_event(otp::verification_event const& event) noexcept override;
    /// Reopens the file at its path, asynchronously.
    void reopen() noexcept { lines_.reopen(); }
    /// Lines that are missing in the file: dropped in the queue, or not written.
    [[nodiscard]] std::uint64_t lines_lost() const { return lines_.dropped() + file_.lines_lost(); }

private:
    telemetry::rotating_file file_;
    telemetry::logger lines_;
};

} // namespace otpd::app
