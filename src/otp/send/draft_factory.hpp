#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "routing/route_selector.hpp"
#include "send/code_factory.hpp"
#include "send/send_checks.hpp"
#include "send/send_state.hpp"

#include <optional>

namespace otpd::otp {

/// Turns a request into a draft: its code, routes, limits, and the reason to refuse it, if any.
/// Thread-safe.
class draft_factory {
public:
    /// All arguments must outlive it.
    draft_factory(policy const& rules, key_ring const& keys, code_factory const& codes,
                  route_selector const& routes, send_checks const& checks)
        : rules_(rules), keys_(keys), codes_(codes), routes_(routes), checks_(checks) {}

    /// `now` and `wall` are the times at which the send began.
    [[nodiscard]] send_draft make(send_request&& request, steady_time now, wall_time wall) const;

private:
    [[nodiscard]] std::optional<store::idempotency_key>
    idempotency_key_of(send_request const& request) const;

    policy const& rules_;
    key_ring const& keys_;
    code_factory const& codes_;
    route_selector const& routes_;
    send_checks const& checks_;
};

} // namespace otpd::otp
