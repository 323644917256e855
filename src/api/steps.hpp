#pragma once

/// Writes the routes that a send tried or skipped, for responses and problems alike.

#include "otpd/otp/failure.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <vector>

namespace otpd::api {

/// Returns one JSON text per step, for json_writer::add_array().
[[nodiscard]] std::vector<std::string> write_steps(std::vector<otp::step_report> const& steps);
/// Returns the steps as a member of a problem.
[[nodiscard]] boost::json::array steps_member(std::vector<otp::step_report> const& steps);

} // namespace otpd::api
