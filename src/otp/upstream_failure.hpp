#pragma once

#include "otpd/bridgexapi/types.hpp"
#include "otpd/otp/failure.hpp"
#include "seconds.hpp"

namespace otpd::otp {

/// Returns the failure of a read from the upstream.
inline failure upstream_failure(bridgexapi::failure const& why) {
    failure result{errc::upstream_failed, whole_seconds(why.retry_after.value_or(retry_soon))};
    result.reason = why.why;
    return result;
}

} // namespace otpd::otp
