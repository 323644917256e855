#include "otpd/otp/failure.hpp"

#include <array>

namespace otpd::otp {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 30> problem_codes{"validation_failed",
                                                         "validation_failed",
                                                         "destination_not_allowed",
                                                         "purpose_not_allowed",
                                                         "route_not_allowed",
                                                         "route_plan_unknown",
                                                         "no_route_available",
                                                         "validation_failed",
                                                         "cooldown_active",
                                                         "limit_exceeded",
                                                         "challenge_required",
                                                         "send_in_progress",
                                                         "idempotency_key_reused",
                                                         "upstream_rejected",
                                                         "upstream_unavailable",
                                                         "delivery_unknown",
                                                         "store_full",
                                                         "invalid_code",
                                                         "no_active_otp",
                                                         "attempts_exceeded",
                                                         "attempts_exceeded",
                                                         "verification_not_found",
                                                         "verification_ended",
                                                         "delivery_not_found",
                                                         "client_not_found",
                                                         "destination_not_found",
                                                         "destinations_full",
                                                         "operator_only",
                                                         "upstream_failed",
                                                         "store_unavailable"};
static_assert(problem_codes.size() == static_cast<std::size_t>(errc::store_unavailable) + 1);

} // namespace

std::string_view problem_code(errc code) noexcept {
    return problem_codes[static_cast<std::size_t>(code)];
}

} // namespace otpd::otp
