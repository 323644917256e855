#pragma once

#include "otpd/bridgexapi/types.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/forward.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace otpd::otp {

/// Reports what happens to followed messages to the event bus, the log and the metrics.
/// Thread-safe.
class delivery_reports {
public:
    /// All arguments must outlive it.
    delivery_reports(observer& observers, telemetry::logger& log, telemetry::metrics& metrics)
        : observers_(observers), log_(log), metrics_(metrics) {}

    void changed(verification_event const& event) const { observers_.on_event(event); }
    void ended(std::string_view state, int route_id) const;
    void open(std::size_t messages) const;
    void not_followed() const;

    void available() const;
    void unavailable(bridgexapi::failure const& why, std::size_t open) const;
    void page_lowered(std::int64_t limit) const;
    void not_stored() const;

    // These are bugs.
    void poll_failed(std::string_view why) const;
    void update_failed() const;
    void tracker_ended() const;

private:
    observer& observers_;
    telemetry::logger& log_;
    telemetry::metrics& metrics_;
};

} // namespace otpd::otp
