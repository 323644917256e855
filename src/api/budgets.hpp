#pragma once

#include "otpd/otp/spending_report.hpp"

#include <string>
#include <vector>

namespace otpd::api {

/// Each as a JSON text.
[[nodiscard]] std::vector<std::string> write_budgets(std::vector<otp::budget_view> const& budgets);

} // namespace otpd::api
