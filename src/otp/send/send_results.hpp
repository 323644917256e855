#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/policy.hpp"
#include "send/send_state.hpp"

namespace otpd::otp {

/// What the caller of a send is told. From any executor.
class send_results {
public:
    /// Both must outlive it.
    send_results(policy const& rules, clock const& now) : rules_(rules), now_(now) {}

    /// Of a send that the store has not admitted.
    [[nodiscard]] outcome<sent> answer(send_state const& send,
                                       store::admit_outcome const& answer) const;
    /// Of a send that was transmitted.
    [[nodiscard]] outcome<sent> result(send_state const& send) const;
    /// Whether nothing but the taken route's own budget stands against a send.
    [[nodiscard]] bool is_refused_by_route_budget(store::admit_outcome const& answer) const;

private:
    policy const& rules_;
    clock const& now_;
};

} // namespace otpd::otp
