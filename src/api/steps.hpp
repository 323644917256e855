#pragma once

/// Writes the routes that a send tried or skipped, for responses and problems alike.

#include "otpd/otp/failure.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <vector>

namespace otpd::api {

/// Returns the step as a JSON text, for json_writer::add_array().
[[nodiscard]] std::string write_step(otp::step_report const& step);
/// Returns the steps as a member of a problem.
[[nodiscard]] boost::json::array steps_member(std::vector<otp::step_report> const& steps);

} // namespace otpd::api
