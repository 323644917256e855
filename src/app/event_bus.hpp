#pragma once

/// Who hears of what happens to verifications: the listeners of this process, and the file of the
/// timeline.

#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/rotating_file.hpp"

#include <algorithm>
#include <vector>

namespace otpd::app {

/// Passes everything on, in the order in which the listeners came.
class event_bus final : public otp::observer {
public:
    /// While the program starts only. Must outlive the relay.
    void add(otp::observer& listener) { listeners_.push_back(&listener); }
    [[nodiscard]] bool wants(otp::event_type kind) const noexcept override {
        return std::ranges::any_of(listeners_, [kind](auto* each) { return each->wants(kind); });
    }
    void on_event(otp::verification_event const& event) noexcept override {
        for (auto* const each : listeners_)
            each->on_event(event);
    }

private:
    std::vector<otp::observer*> listeners_;
};

/// One JSON object on one line for each event, in the form of the log (telemetry/log.hpp): `event`
/// is its kind, `at_ms` when it happened, in milliseconds since 1970. Money is in millionths
/// (`_micros`). A verification has the half of its id that the log has. What there is nothing to
/// say of is left out. The line never waits for the file: a full queue gives up the oldest.
class timeline_file final : public otp::observer {
public:
    /// Throws std::system_error when the file cannot be opened.
    timeline_file(telemetry::rotating_file_options file, std::size_t queue_lines_max);

    void on_event(otp::verification_event const& event) noexcept override;
    /// Opens the file at its path again, by and by.
    void reopen() noexcept { lines_.reopen(); }
    /// Lines that are not in the file: given up in the queue, or not written.
    [[nodiscard]] std::uint64_t lines_lost() const { return lines_.dropped() + file_.lines_lost(); }

private:
    telemetry::rotating_file file_;
    telemetry::logger lines_;
};

} // namespace otpd::app
