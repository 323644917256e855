#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/forward.hpp"
#include "verify/guess_checks.hpp"

#include <optional>
#include <string_view>

namespace otpd::otp {

/// Reports guesses to the event bus, the log and the metrics. Thread-safe.
class guess_reports {
public:
    /// All arguments must outlive it.
    guess_reports(observer& observers, key_ring const& keys, telemetry::logger& log,
                  telemetry::metrics& metrics, clock const& now)
        : observers_(observers), keys_(keys), log_(log), metrics_(metrics), now_(now) {}

    /// `word` is the label of the answer in the metrics and the log
    /// (telemetry::labels::check_outcomes).
    void answered(checked_guess& guess, std::string_view word,
                  store::result<store::check_outcome> const& answer) const;
    /// `verified` or `exhausted`, or nothing.
    [[nodiscard]] std::optional<verification_event>
    event_of_end(checked_guess const& guess, store::check_outcome const& answer) const;

private:
    [[nodiscard]] verification_event event_of(checked_guess const& guess,
                                              store::check_outcome const& answer) const;
    void publish(checked_guess& guess, store::check_outcome const& answer) const;
    void log(checked_guess const& guess, std::string_view word, store::verified const* right) const;

    observer& observers_;
    key_ring const& keys_;
    telemetry::logger& log_;
    telemetry::metrics& metrics_;
    clock const& now_;
};

} // namespace otpd::otp
