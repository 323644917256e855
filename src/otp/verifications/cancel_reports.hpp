#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/store/verification.hpp"
#include "otpd/telemetry/forward.hpp"

#include <string>

namespace otpd::otp {

/// Reports cancellations to the event bus and the log. Thread-safe.
class cancel_reports {
public:
    /// All arguments must outlive it.
    cancel_reports(observer& observers, telemetry::logger& log)
        : observers_(observers), log_(log) {}

    /// `sealed` is the address as callers see it.
    void canceled(caller const& caller, store::verification_address const& address,
                  std::string const& sealed, store::cancel_outcome const& outcome) const;

private:
    observer& observers_;
    telemetry::logger& log_;
};

} // namespace otpd::otp
