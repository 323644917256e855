#include "bridgexapi_stub/activity.hpp"

#include <algorithm>
#include <utility>

namespace bridgexapi_stub {

void activity_counts::add(activity_entry const& entry) {
    ++total;
    if (entry.status_code < 400) ++success;
    latency_ms_sum += static_cast<std::uint64_t>(entry.latency_ms);
}

void activity_log::add(activity_entry entry) {
    entry.id = ++last_id_;
    all_.add(entry);
    by_endpoint_[entry.where].add(entry);
    by_day_[std::chrono::floor<std::chrono::days>(entry.when)].add(entry);
    entries_.push_back(std::move(entry));
    if (entries_.size() > entries_max) entries_.pop_front();
}

activity_counts activity_log::of_day(std::chrono::sys_days day) const {
    auto const found = by_day_.find(day);
    return found == by_day_.end() ? activity_counts{} : found->second;
}

std::uint64_t activity_log::errors_since(timestamp since) const {
    return static_cast<std::uint64_t>(
        std::count_if(entries_.begin(), entries_.end(), [since](activity_entry const& entry) {
            return entry.when >= since && entry.status_code >= 400;
        }));
}

} // namespace bridgexapi_stub
