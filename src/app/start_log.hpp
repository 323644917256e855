#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/telemetry/log.hpp"
#include "settings.hpp"

#include <cstddef>

namespace otpd::app {

/// What the log says of a start: version, settings, and what the operator should know of them.
void log_start(telemetry::logger& log, settings const& settings, std::size_t threads,
               wall_time now);

} // namespace otpd::app
