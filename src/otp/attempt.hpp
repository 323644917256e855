#pragma once

/// One send, from its admission on.

#include "otpd/otp/service.hpp"

namespace otpd::otp {

/// Whose verifications for what share a slot of the store. A purpose is printable and a client's name has no
/// colon, so no two pairs are one text.
inline std::string slot_of(client const& from, purpose const& what) {
    return from.name + ':' + what.name();
}
/// What all slots of a client begin with.
inline std::string slot_prefix(client const& from) {
    return from.name + ':';
}

/// The route that a step of a plan comes down to.
struct service::route_choice {
    int route_id = 0;
    std::string why; ///< for the timeline: by which figures; empty for a step that names its route
};

struct service::attempt {
    struct note {
        steady_time at;
        std::string details;
    };

    send_request request;
    message_tail tail;
    store::verification_address at;
    passcode code;
    store::code_seed seed; ///< of the code; of a test number: none
    steady_time began;
    wall_time began_at;
    std::string country; ///< empty: not known
    bool test = false;   ///< a test number: no SMS, no limits
    std::vector<store::charge> charges;
    std::vector<store::watch> watches;
    store::admitted admission; ///< once it is admitted
    bool is_admitted = false;
    std::string sealed = {}; ///< `at` as callers know it (key_ring::seal), once it is admitted

    // The routes (routing.cpp).
    std::string plan; ///< empty: one route, which the request or a default names
    std::vector<route_step> steps;
    std::size_t next = 0; ///< of the steps
    std::vector<step_report> looked_at;
    std::vector<note> notes;    ///< for the timeline
    std::size_t notes_kept = 0; ///< of those: by the store, with a rebooking

    // The step that is taken now.
    route_step step;
    int route_id = 0;
    std::optional<money> price; ///< nothing: not known
    money expected;             ///< that, or what is assumed
    std::vector<store::reservation> reservations;
    /// Taken for a next step in place of `reservations`, or not: the store did not say.
    std::optional<std::vector<store::reservation>> perhaps_rebooked = {};
    wall_time asked_at; ///< the upstream

    [[nodiscard]] store::record_key key() const {
        return store::record_key{at.number, slot_of(*request.who.from, request.what)};
    }
};

} // namespace otpd::otp
