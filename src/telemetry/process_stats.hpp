#pragma once

/// What Prometheus's client libraries report of the process itself, read from /proc when asked.

#include <prometheus/metric_family.h>

#include <vector>

namespace otpd::telemetry {

/// The standard names: process_cpu_seconds_total, process_resident_memory_bytes,
/// process_virtual_memory_bytes, process_start_time_seconds, process_open_fds, process_max_fds.
/// What cannot be read is left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_stats();

/// A family of one series without labels.
[[nodiscard]] prometheus::MetricFamily single_value(char const* name, char const* help,
                                                    prometheus::MetricType type, double value);

} // namespace otpd::telemetry
