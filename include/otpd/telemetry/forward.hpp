#pragma once

/// Declares what most classes only refer to.

namespace otpd::telemetry {

class logger;
class metrics;
class tracer;

} // namespace otpd::telemetry
