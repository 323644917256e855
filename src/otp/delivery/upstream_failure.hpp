#pragma once

#include "otpd/bridgexapi/types.hpp"
#include "otpd/otp/failure.hpp"
#include "seconds.hpp"

namespace otpd::otp {

/// Returns the failure of a read from the upstream.
inline failure upstream_failure(bridgexapi::failure const& why) {
    failure event{errc::upstream_failed, why.retry_after.value_or(retry_soon)};
    event.reason = why.why;
    return event;
}

} // namespace otpd::otp
