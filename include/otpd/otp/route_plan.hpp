#pragma once

/// Which routes a send may take, in which order. BridgeXAPI never picks or switches a route, so
/// this is the caller's choice and nobody else's: a plan goes to its next step only when the step
/// before definitely did not send. Data only; the operator's choices, already validated.

#include "otpd/core/money.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// A step that takes the best of several routes, by the figures of the scoreboard (scoreboard.hpp)
/// for the country of the number. Routes with fewer than `min_samples` accepted sends or a smaller
/// verified share are left out; when none is left, the first of `routes` is taken.
struct best_rule {
    enum class by : std::uint8_t { cheapest, fastest };

    by order = by::cheapest;        ///< by cost per verified user, or by median seconds to delivery
    std::vector<int> routes;        ///< 2 to 8, each once
    double min_verified_share = 0;  ///< 0..1
    std::uint32_t min_samples = 20; ///< >= 1
    std::chrono::seconds window{86'400};

    friend bool operator==(best_rule const&, best_rule const&) = default;
};

struct route_step {
    int route_id = 0; ///< 0: `best` says
    std::optional<best_rule> best;
    std::string caller_id;                ///< empty: the client's, or the policy's
    std::vector<std::string> countries;   ///< upper case; empty: all. Others leave the step out
    std::optional<money> max_price;       ///< the step is left out when its price is higher
    std::chrono::milliseconds timeout{0}; ///< of this step; 0: what is left of the send's

    friend bool operator==(route_step const&, route_step const&) = default;
};

struct route_plan {
    static constexpr std::size_t max_name_length = 32;
    static constexpr std::size_t max_steps = 8;

    std::string name;              ///< 1..max_name_length of [a-z0-9_-]; unique
    std::vector<route_step> steps; ///< 1..max_steps
    std::vector<std::string>
        purposes; ///< lower case: whose plan it is when a request names neither plan
                  ///< nor route. Each purpose in one plan at most
};

} // namespace otpd::otp
