#pragma once

/// The operator's settings of one history: small quotas and short times, so that a thousand
/// operations reach every limit.

#include "otpd/otp/client.hpp"
#include "otpd/otp/policy.hpp"
#include "seeded.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::simulation {

struct rules {
    otp::policy policy;
    std::vector<otp::client> clients;
    std::vector<std::string> purposes;
    /// The first two share all but their last four digits, and the first three a country.
    std::vector<std::string> numbers;
    std::vector<int> routes;

    /// The price list.
    [[nodiscard]] static std::optional<std::int64_t> price_of(int route);
    /// The expected cost of a send over the route, in millionths.
    [[nodiscard]] std::int64_t expected_price(int route) const;
};

[[nodiscard]] rules draw_rules(seeded& from);

} // namespace otpd::simulation
