#pragma once

/// The one table from what the domain refuses to what a client reads.

#include "otpd/http/problem.hpp"
#include "otpd/otp/failure.hpp"

namespace otpd::api {

/// Status, code and text are stable: clients branch on them. The words are the reference's where it
/// has some. Nothing the upstream said gets through but the `reason`, a word of a closed set.
/// `upstream_failed` is 503 when the upstream was not reached, else 502.
[[nodiscard]] http::problem to_problem(otp::failure const& why);

} // namespace otpd::api
