#pragma once

/// The response fields about limits (draft-ietf-httpapi-ratelimit-headers). RateLimit-Policy lists
/// each limit with its quota and window. RateLimit states the rest of the tightest limit.

#include "otpd/http/response.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/send.hpp"

#include <vector>

namespace otpd::api {

/// After a send. Adds nothing without limits.
void add_limit_fields(std::vector<http::header_field>& to,
                      std::vector<otp::limit_status> const& limits);
/// After a refusal: lists the limits that refused, with nothing left. Adds nothing if none is a
/// plain limit.
void add_limit_fields(std::vector<http::header_field>& to,
                      std::vector<otp::violated_limit> const& violated);

} // namespace otpd::api
