#pragma once

#include "otpd/bridgexapi/types.hpp"
#include "otpd/otp/failure.hpp"
#include "seconds.hpp"

namespace otpd::otp {

/// Of a question to the upstream.
inline failure upstream_failure(bridgexapi::failure const& why) {
    failure told{errc::upstream_failed, why.retry_after.value_or(retry_soon)};
    told.reason = why.why;
    return told;
}

} // namespace otpd::otp
