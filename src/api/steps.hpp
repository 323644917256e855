#pragma once

/// What clients are told of the routes that a send looked at, the same in a reply and in a problem.

#include "otpd/otp/failure.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <vector>

namespace otpd::api {

/// One JSON text for each step, for json_writer::add_array().
[[nodiscard]] std::vector<std::string> write_steps(std::vector<otp::step_report> const& steps);
/// As a member of a problem.
[[nodiscard]] boost::json::array steps_member(std::vector<otp::step_report> const& steps);

} // namespace otpd::api
