#include "otpd/otp/verification_event.hpp"

namespace otpd::otp {

std::string_view to_string(event_type type) noexcept {
    using enum event_type;
    switch (type) {
    case blocked:
        return "blocked";
    case refused:
        return "refused";
    case admitted:
        return "admitted";
    case step_left:
        return "step_left";
    case accepted:
        return "accepted";
    case unknown:
        return "unknown";
    case not_sent:
        return "not_sent";
    case delivered:
        return "delivered";
    case failed:
        return "failed";
    case delivery:
        return "delivery";
    case wrong:
        return "wrong";
    case exhausted:
        return "exhausted";
    case verified:
        return "verified";
    case canceled:
        break;
    }
    return "canceled";
}

} // namespace otpd::otp
