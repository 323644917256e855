#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/store/verification.hpp"

#include <string>

namespace otpd::telemetry {
class logger;
} // namespace otpd::telemetry

namespace otpd::otp {

/// Reports cancellations to the event bus and the log. Thread-safe.
class cancel_reports {
public:
    /// All arguments must outlive it.
    cancel_reports(observer& observers, telemetry::logger& log, clock const& now)
        : observers_(observers), log_(log), now_(now) {}

    /// `sealed` is the address as callers see it.
    void canceled(caller const& caller, store::verification_address const& at,
                  std::string const& sealed) const;

private:
    observer& observers_;
    telemetry::logger& log_;
    clock const& now_;
};

} // namespace otpd::otp
