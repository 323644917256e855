#pragma once

/// What clients are told of limits (draft-ietf-httpapi-ratelimit-headers): each limit with its
/// quota and window in RateLimit-Policy, and in RateLimit what is left of the tightest.

#include "otpd/http/response.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/send.hpp"

#include <vector>

namespace otpd::api {

/// After a send. Nothing without limits.
void add_limit_fields(std::vector<http::header_field>& to,
                      std::vector<otp::limit_status> const& limits);
/// After a refusal: those that refused, with nothing left. Nothing when none of them is a plain
/// limit.
void add_limit_fields(std::vector<http::header_field>& to,
                      std::vector<otp::violated_limit> const& violated);

} // namespace otpd::api
