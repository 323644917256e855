#include "otpd/otp/verification_event.hpp"

#include <array>

namespace otpd::otp {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 14> event_names{
    "blocked",   "refused", "admitted", "step_left", "accepted",  "unknown",  "not_sent",
    "delivered", "failed",  "delivery", "wrong",     "exhausted", "verified", "canceled"};
static_assert(event_names.size() == static_cast<std::size_t>(event_type::canceled) + 1);

} // namespace

std::string_view to_string(event_type type) noexcept {
    return event_names[static_cast<std::size_t>(type)];
}

} // namespace otpd::otp
