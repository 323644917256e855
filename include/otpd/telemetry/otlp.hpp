#pragma once

/// Spans in the form of OTLP/HTTP with JSON encoding (opentelemetry-proto 1.x).

#include "otpd/telemetry/tracer.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace otpd::telemetry {

/// Who has recorded the spans.
struct span_source {
    std::string service_name;
    std::string version;
};

/// The body of a request to /v1/traces. `unix_offset`: the time since 1970 less that of
/// steady_clock.
[[nodiscard]] std::string to_otlp(std::span<telemetry::span const> spans, span_source const& source,
                                  std::chrono::nanoseconds unix_offset);

} // namespace otpd::telemetry
