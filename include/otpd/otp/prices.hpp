#pragma once

/// What a send will cost, as far as it is known without asking.

#include "otpd/core/money.hpp"
#include "otpd/core/phone_number.hpp"

#include <optional>

namespace otpd::otp {

class prices {
public:
    virtual ~prices() = default;

    /// Of one SMS, by the longest prefix of the number that the route has a price for; nothing when
    /// it is not known. Never waits; from any thread.
    [[nodiscard]] virtual std::optional<money> price_of(int route_id,
                                                        phone_number const& to) const = 0;
};

} // namespace otpd::otp
