#include "idle_clients.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::http {

void idle_clients::enter(idle_client& entry, connection& client) {
    entry.client_ = &client;
    entry.idle_since_ = client.idle_since().value_or(std::chrono::steady_clock::now());
    by_idleness_.insert(entry);
}

void idle_clients::pay_for_search() {
    constexpr std::size_t looks_for_each = 32;
    looks_ = std::min(looks_, by_idleness_.size()) + looks_for_each;
}

bool idle_clients::evict_one() {
    auto const began = std::chrono::steady_clock::now();
    while (looks_ > 0 && !by_idleness_.empty() && by_idleness_.begin()->idle_since_ < began) {
        --looks_;
        auto& first = *by_idleness_.begin();
        auto const since = first.client_->idle_since();
        bool const leaves = since == first.idle_since_ && first.client_->ask_to_leave(*since);
        by_idleness_.erase(by_idleness_.begin());
        // A busy connection becomes idle now at the earliest.
        first.idle_since_ = leaves || !since ? began : *since;
        by_idleness_.insert(first);
        if (leaves) return true;
    }
    return false;
}

} // namespace otpd::http
