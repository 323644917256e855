// The developer log of an account, which /api/v1/activity/* reports. Bounded; not thread-safe.
#pragma once

#include "bridgexapi_stub/clock.hpp"
#include "bridgexapi_stub/endpoint.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace bridgexapi_stub {

struct activity_entry {
    std::uint64_t id = 0;
    timestamp when;
    endpoint where = endpoint::unknown;
    unsigned status_code = 0;
    int latency_ms = 0;
    std::string ip_address;
    std::optional<std::int64_t> route_id;
};

struct activity_counts {
    std::uint64_t total = 0;
    std::uint64_t success = 0;
    std::uint64_t latency_ms_sum = 0;

    std::uint64_t errors() const { return total - success; }
    std::uint64_t average_latency_ms() const { return total == 0 ? 0 : latency_ms_sum / total; }
    void add(activity_entry const& entry);
};

class activity_log {
public:
    static constexpr std::size_t entries_max = 10'000;

    void add(activity_entry entry); // assigns the id

    std::deque<activity_entry> const& entries() const { return entries_; } // oldest first
    activity_counts const& all() const { return all_; }
    std::map<endpoint, activity_counts> const& by_endpoint() const { return by_endpoint_; }
    activity_counts of_day(std::chrono::sys_days day) const;
    std::uint64_t errors_since(timestamp since) const; // among the stored entries

private:
    std::uint64_t last_id_ = 0;
    std::deque<activity_entry> entries_;
    activity_counts all_;
    std::map<endpoint, activity_counts> by_endpoint_;
    std::map<std::chrono::sys_days, activity_counts> by_day_;
};

} // namespace bridgexapi_stub
