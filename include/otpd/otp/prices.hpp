#pragma once

/// The expected cost of a send, as far as it is known locally.

#include "otpd/core/money.hpp"
#include "otpd/core/phone_number.hpp"

#include <optional>

namespace otpd::otp {

class prices {
public:
    virtual ~prices() = default;

    /// Returns the price of one SMS by the longest prefix of the number that has one on the route,
    /// or nullopt. Never waits; thread-safe.
    [[nodiscard]] virtual std::optional<money> price_of(int route_id,
                                                        phone_number const& to) const = 0;
};

} // namespace otpd::otp
