#pragma once

/// What compat.reference changes: programs that were written for the reference implementation find
/// its forms. Limits, guards and what a valid number is stay otpd's.

#include "otpd/api/routes.hpp"
#include "otpd/http/request.hpp"
#include "otpd/http/response.hpp"

namespace otpd::api {

/// Whether the request is answered as the reference would. A path with a version, /v1/..., is
/// otpd's own and never is.
[[nodiscard]] bool follows_reference(dependencies const& deps, http::request const& request);

/// Changes an error from a problem document to `{"detail": ...}`, with the faults of a 422 as the
/// detail, and with the reference's statuses. `code` and further members stay beside it.
void take_reference_form(http::request const& request, http::response& reply);

} // namespace otpd::api
