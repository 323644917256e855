#pragma once

/// The standard process metrics of Prometheus client libraries, read from /proc at each call.

#include <prometheus/metric_family.h>

#include <vector>

namespace otpd::telemetry {

/// Returns process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
/// process_start_time_seconds, process_open_fds and process_max_fds. Unreadable ones are omitted.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_stats();

/// A family of one series without labels.
[[nodiscard]] prometheus::MetricFamily single_value(char const* name, char const* help,
                                                    prometheus::MetricType type, double value);

} // namespace otpd::telemetry
