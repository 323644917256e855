#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/policy.hpp"
#include "send/challenges.hpp"
#include "send/send_state.hpp"

namespace otpd::otp {

/// The results of sends for their callers. Thread-safe.
class send_results {
public:
    /// All arguments must outlive it.
    send_results(policy const& rules, challenges const& challenges, clock const& now)
        : rules_(rules), challenges_(challenges), now_(now) {}

    /// For a send that the store has not admitted.
    [[nodiscard]] outcome<sent> answer(send_state const& send,
                                       store::admit_outcome const& answer) const;
    /// For a send that was transmitted.
    [[nodiscard]] outcome<sent> result(send_state const& send) const;
    /// Whether only the current route's own budget refuses the send.
    [[nodiscard]] bool is_refused_by_route_budget(store::admit_outcome const& answer) const;

private:
    policy const& rules_;
    challenges const& challenges_;
    clock const& now_;
};

} // namespace otpd::otp
