#pragma once

/// The progress of one send along its route plan. Data only.

#include "otpd/core/clock.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/route_plan.hpp"
#include "otpd/store/budget.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// The route that is taken now, and its reservations.
struct taken_route {
    route_step step;
    int route_id = 0;
    std::optional<money> price; ///< nothing: not known
    money expected;             ///< that, or what is assumed
    std::vector<store::reservation> reservations;
};

struct route_walk {
    struct note {
        steady_time at;
        std::string details;
    };

    std::string plan; ///< empty: one route, which the request or a default names
    std::vector<route_step> steps;
    std::size_t next = 0; ///< of the steps
    taken_route taken;
    std::vector<step_report> reports; ///< of the routes that were tried or skipped
    std::vector<note> notes;          ///< for the timeline
    std::size_t notes_kept = 0; ///< of those: by the store, with a replacement of its reservation
};

} // namespace otpd::otp
