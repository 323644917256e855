#pragma once

/// The progress of one send along its route plan. Plain data.

#include "otpd/core/clock.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/route_plan.hpp"
#include "otpd/store/budget.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// The current route and its reservations.
struct taken_route {
    route_step step;
    std::uint8_t number = 0; ///< of the step in its plan, from 1 on
    int route_id = 0;
    std::optional<money> price; ///< nullopt: unknown
    money expected;             ///< the price, or the assumed price
    std::vector<store::reservation> reservations;
};

struct route_walk {
    struct note {
        steady_time at;
        std::string details;
    };

    std::string plan; ///< empty: a single route, from the request or a default
    std::vector<route_step> steps;
    std::uint16_t fingerprint = 0; ///< of the plan
    std::uint8_t begins_after = 0; ///< so many steps were tried before, and come last
    bool is_hedged = false;        ///< by its plan
    bool is_hedge = false;         ///< it looks for the route of a second message
    std::size_t next = 0;          ///< how many steps have had their turn
    taken_route taken;
    std::vector<step_report> reports; ///< of the routes tried or skipped
    std::vector<note> notes;          ///< for the timeline
    std::size_t notes_kept = 0;       ///< of `notes`: stored already, with a replaced reservation
};

} // namespace otpd::otp
