#include "process_stats.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace otpd::telemetry {

namespace {

/// Fields of /proc/self/stat in their own units (proc(5), fields 14, 15, 22, 23 and 24).
struct stat_fields {
    double cpu_ticks;
    double start_ticks; ///< since boot
    double virtual_bytes;
    double resident_pages;
};

std::optional<stat_fields> read_stat() {
    std::ifstream in("/proc/self/stat");
    std::string line;
    if (!std::getline(in, line)) return std::nullopt;
    // The command name may contain spaces and brackets, so count from the last bracket.
    auto const name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream rest(line.substr(name_end + 1));
    std::vector<std::string> const fields{std::istream_iterator<std::string>(rest), {}};
    constexpr std::size_t first = 3; // the number of the field in fields[0]
    auto const number = [&](std::size_t field) { return std::stod(fields[field - first]); };
    constexpr std::size_t last_used = 24;
    if (fields.size() <= last_used - first) return std::nullopt;
    return stat_fields{number(14) + number(15), number(22), number(23), number(24)};
}

std::optional<double> boot_time() {
    std::ifstream in("/proc/stat");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("btime ")) return std::stod(line.substr(sizeof("btime ") - 1));
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    std::error_code ec;
    std::filesystem::directory_iterator descriptors("/proc/self/fd", ec);
    if (ec) return std::nullopt;
    // The directory's own descriptor is in the list.
    return static_cast<double>(std::distance(begin(descriptors), end(descriptors)) - 1);
}

} // namespace

prometheus::MetricFamily single_value(char const* name, char const* help,
                                      prometheus::MetricType type, double value) {
    prometheus::ClientMetric metric;
    if (type == prometheus::MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
    return {name, help, type, {metric}};
}

std::vector<prometheus::MetricFamily> process_stats() {
    std::vector<prometheus::MetricFamily> out;
    auto const add = [&](char const* name, char const* help, prometheus::MetricType type,
                         double value) { out.push_back(single_value(name, help, type, value)); };
    using prometheus::MetricType;
    if (auto const stat = read_stat()) {
        auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
        auto const page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        add("process_cpu_seconds_total", "User and system CPU time.", MetricType::Counter,
            stat->cpu_ticks / ticks);
        add("process_resident_memory_bytes", "Memory in RAM.", MetricType::Gauge,
            stat->resident_pages * page);
        add("process_virtual_memory_bytes", "Address space in use.", MetricType::Gauge,
            stat->virtual_bytes);
        if (auto const boot = boot_time())
            add("process_start_time_seconds", "Start of the process, in Unix time.",
                MetricType::Gauge, *boot + stat->start_ticks / ticks);
    }
    if (auto const open = open_descriptors())
        add("process_open_fds", "Open file descriptors.", MetricType::Gauge, *open);
    if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        add("process_max_fds", "Most file descriptors that may be open.", MetricType::Gauge,
            static_cast<double>(limit.rlim_cur));
    return out;
}

} // namespace otpd::telemetry
