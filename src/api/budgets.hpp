#pragma once

#include "otpd/otp/spending_report.hpp"

#include <string>

namespace otpd::api {

/// As a JSON text.
[[nodiscard]] std::string write_budget(otp::budget_view const& budget);

} // namespace otpd::api
