#pragma once

#include "limits/destination_check.hpp"
#include "limits/limiter.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"
#include "send/send_state.hpp"

#include <optional>

namespace otpd::otp {

/// Makes all checks of a send that need no store. Thread-safe.
class send_checks {
public:
    /// All arguments must outlive it.
    send_checks(policy const& rules, messages const& texts, destination_check const& destinations,
                limiter const& limits)
        : rules_(rules), texts_(texts), destinations_(destinations), limits_(limits) {}

    /// Returns what is wrong regardless of earlier sends. Fills in the country and the limits to
    /// check.
    [[nodiscard]] std::optional<errc> check(send_draft& draft) const;

private:
    policy const& rules_;
    messages const& texts_;
    destination_check const& destinations_;
    limiter const& limits_;
};

} // namespace otpd::otp
