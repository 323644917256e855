#pragma once

/// Declares what most classes only refer to.

namespace otpd::telemetry {

class logger;
class metrics;

} // namespace otpd::telemetry
