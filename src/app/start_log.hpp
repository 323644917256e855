#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/telemetry/log.hpp"
#include "settings.hpp"

#include <cstddef>

namespace otpd::app {

/// Logs the start: version, settings, and notes for the operator.
void log_start(telemetry::logger& log, settings const& settings, std::size_t threads,
               wall_time now);

} // namespace otpd::app
