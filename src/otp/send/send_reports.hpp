#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/forward.hpp"
#include "send/send_state.hpp"

#include <vector>

namespace otpd::otp {

/// Reports sends to the event bus, the log and the metrics. Thread-safe.
class send_reports {
public:
    /// All arguments must outlive it.
    send_reports(observer& observers, telemetry::logger& log, telemetry::metrics& metrics,
                 clock const& now)
        : observers_(observers), log_(log), metrics_(metrics), now_(now) {}

    /// Also reports the routes that were skipped before, because the verification exists only now.
    void admitted(send_state const& send) const;
    void route_left(send_state const& send, step_report const& step) const;
    void store_full() const;
    /// Of the outcome; before it is known, as if it were unknown.
    [[nodiscard]] verification_event event_of_transmission(send_state const& send,
                                                           wall_time settled_at) const;
    /// Of a send that the store has refused.
    [[nodiscard]] verification_event event_of_refusal(send_state const& send,
                                                      failure const& why) const;
    void transmitted(send_state& send, verification_event& event) const;
    void ended(send_state& send, outcome<sent> const& result) const;
    /// A second message goes out, because the first has no report.
    void hedged(send_state const& send) const;
    void hedge_ended(send_state const& send) const;
    /// Neither the first message nor the second arrived.
    [[nodiscard]] verification_event event_of_failure(send_state const& send, wall_time at) const;
    void failed(send_state& send) const;
    /// Reports each limit that refused a send, or would have. The conversion guards are logged
    /// separately.
    void violations(std::vector<store::violation> const& list, limit_mode mode,
                    send_state const& send) const;
    void settle_failed(send_state const& send) const;

private:
    /// `stored_at`: the time of the event in the store; zero if it lists none.
    [[nodiscard]] verification_event event_of(send_state const& send, event_type type,
                                              wall_time stored_at = {}) const;
    void publish_route_left(send_state const& send, step_report const& step) const;
    void publish_refused(send_state& send, failure const& why) const;
    void log_sent(send_state const& send, sent const& result) const;
    void log_not_sent(send_state const& send, outcome<sent> const& result,
                      std::string_view word) const;

    observer& observers_;
    telemetry::logger& log_;
    telemetry::metrics& metrics_;
    clock const& now_;
};

} // namespace otpd::otp
