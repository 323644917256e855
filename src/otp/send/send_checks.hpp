#pragma once

#include "limits/destination_check.hpp"
#include "limits/limiter.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"
#include "routing/route_selector.hpp"
#include "send/code_factory.hpp"
#include "send/send_state.hpp"

#include <optional>

namespace otpd::otp {

/// Turns a request into a draft, and checks everything that needs no store. From any executor.
class send_checks {
public:
    struct dependencies {
        key_ring const& keys;
        code_factory const& codes;
        destination_check const& destinations;
        limiter const& limits;
        route_selector const& routes;
    };
    /// All must outlive it.
    send_checks(policy const& rules, messages const& texts, dependencies deps)
        : rules_(rules), texts_(texts), deps_(deps) {}

    /// `now` and `wall` are the times at which the send began.
    [[nodiscard]] send_draft draft(send_request request, steady_time now, wall_time wall) const;

private:
    [[nodiscard]] std::optional<errc> fault_of(send_draft& draft) const;
    [[nodiscard]] std::optional<store::idempotency_key>
    idempotency_key_of(send_request const& request) const;

    policy const& rules_;
    messages const& texts_;
    dependencies deps_;
};

} // namespace otpd::otp
