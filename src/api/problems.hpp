#pragma once

/// The single mapping from the domain's failures to problem responses.

#include "otpd/http/problem.hpp"
#include "otpd/otp/failure.hpp"

namespace otpd::api {

/// Status, code and text are stable, because clients branch on them. The words are the reference
/// implementation's if it has any. Of the upstream's answer only the `reason` is passed on, a word
/// of a closed set. `upstream_failed` is 503 if the upstream was not reached, else 502.
[[nodiscard]] http::problem to_problem(otp::failure const& why);

} // namespace otpd::api
