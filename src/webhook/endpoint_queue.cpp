#include "endpoint_queue.hpp"

#include <algorithm>

namespace otpd::webhook {

bool endpoint_queue::push(std::shared_ptr<message const> webhook, steady_time now) {
    bool const full = size() >= messages_max_;
    if (full) {
        if (waiting_.empty()) return false;
        auto const oldest = waiting_.begin();
        by_due_.erase({oldest->second.due, oldest->first});
        waiting_.erase(oldest);
    }
    queued fresh;
    fresh.webhook = std::move(webhook);
    fresh.age = ++came_;
    wait(std::move(fresh), now);
    return !full;
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

std::size_t endpoint_queue::clear() noexcept {
    auto const count = waiting_.size();
    waiting_.clear();
    by_due_.clear();
    return count;
}

} // namespace otpd::webhook
