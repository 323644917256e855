#include "otpd/otp/failure.hpp"

namespace otpd::otp {

std::string_view problem_code(errc code) noexcept {
    using enum errc;
    switch (code) {
    case cooldown_active:
        return "cooldown_active";
    case limit_exceeded:
        return "limit_exceeded";
    case challenge_required:
        return "challenge_required";
    case send_in_progress:
        return "send_in_progress";
    case idempotency_key_reused:
        return "idempotency_key_reused";
    case number_invalid:
    case number_other_spelling:
    case message_too_long:
        return "validation_failed";
    case destination_not_allowed:
        return "destination_not_allowed";
    case purpose_not_allowed:
        return "purpose_not_allowed";
    case route_not_allowed:
        return "route_not_allowed";
    case route_plan_unknown:
        return "route_plan_unknown";
    case no_route:
        return "no_route_available";
    case upstream_rejected:
        return "upstream_rejected";
    case upstream_unavailable:
        return "upstream_unavailable";
    case delivery_unknown:
        return "delivery_unknown";
    case capacity_exhausted:
        return "store_full";
    case invalid_code:
        return "invalid_code";
    case no_active_otp:
        return "no_active_otp";
    case attempts_exceeded:
    case guesses_exceeded:
        return "attempts_exceeded";
    case verification_not_found:
        return "verification_not_found";
    case verification_ended:
        return "verification_ended";
    case delivery_not_found:
        return "delivery_not_found";
    case client_not_found:
        return "client_not_found";
    case destination_not_found:
        return "destination_not_found";
    case destinations_full:
        return "destinations_full";
    case operator_only:
        return "operator_only";
    case upstream_failed:
        return "upstream_failed";
    case store_unavailable:
        return "store_unavailable";
    }
    return "internal_error";
}

} // namespace otpd::otp
