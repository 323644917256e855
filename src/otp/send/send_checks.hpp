#pragma once

#include "limits/destination_check.hpp"
#include "limits/limiter.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"
#include "send/challenges.hpp"
#include "send/send_state.hpp"

#include <optional>

namespace otpd::otp {

/// Makes all checks of a send that need no store. Thread-safe.
class send_checks {
public:
    /// All arguments must outlive it.
    send_checks(policy const& rules, messages const& texts, destination_check const& destinations,
                limiter const& limits, challenges const& challenges)
        : rules_(rules), texts_(texts), destinations_(destinations), limits_(limits),
          challenges_(challenges) {}

    /// Returns what is wrong regardless of earlier sends. Fills in the country, the limits to
    /// check, and the challenge that was solved.
    [[nodiscard]] std::optional<errc> check(send_draft& draft) const;

private:
    policy const& rules_;
    messages const& texts_;
    destination_check const& destinations_;
    limiter const& limits_;
    challenges const& challenges_;
};

} // namespace otpd::otp
