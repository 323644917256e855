#include "endpoint_queue.hpp"

#include <algorithm>

namespace otpd::webhook {

std::optional<queued> endpoint_queue::push(queued fresh, steady_time now) {
    std::optional<queued> dropped;
    if (size() >= messages_max_) {
        if (waiting_.empty()) return fresh;
        auto const oldest = waiting_.begin();
        by_due_.erase({oldest->second.due, oldest->first});
        dropped = std::move(oldest->second.message);
        waiting_.erase(oldest);
    }
    fresh.age = ++came_;
    wait(std::move(fresh), now);
    return dropped;
}

std::optional<queued> endpoint_queue::take(steady_time now) {
    auto const due = next_due();
    if (!due || *due > now) return std::nullopt;
    auto const first = waiting_.find(by_due_.begin()->second);
    by_due_.erase(by_due_.begin());
    auto result = std::move(first->second.message);
    waiting_.erase(first);
    ++taken_;
    return result;
}

void endpoint_queue::put_back(queued tried, steady_time due) {
    wait(std::move(tried), due);
    --taken_;
}

void endpoint_queue::wait(queued queued, steady_time due) {
    auto const age = queued.age;
    waiting_.emplace(age, waiting{std::move(queued), due});
    by_due_.emplace(due, age);
}

void endpoint_queue::rest_until(steady_time until) noexcept {
    rest_until_ = std::max(rest_until_, until);
}

std::optional<steady_time> endpoint_queue::next_due() const {
    if (by_due_.empty()) return std::nullopt;
    return std::max(by_due_.begin()->first, rest_until_);
}

std::vector<queued> endpoint_queue::clear() {
    std::vector<queued> dropped;
    for (auto& [age, entry] : waiting_)
        dropped.push_back(std::move(entry.message));
    waiting_.clear();
    by_due_.clear();
    return dropped;
}

} // namespace otpd::webhook
