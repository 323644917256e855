#include "idle_connections.hpp"

#include <algorithm>
#include <utility>

namespace otpd::net {

std::shared_ptr<connection> idle_connections::take(steady_time now, list& ended) {
    auto const too_old = now - policy_.idle_max(now);
    while (!entries_.empty() && !is_on_probation(entries_.back())) {
        auto newest = std::move(entries_.back());
        entries_.pop_back();
        if (newest.held->reusable() && newest.since > too_old) {
            if (!policy_.is_trusting()) {
                policy_.begin_trial();
                tried_ = newest.held.get();
            }
            return std::move(newest.held);
        }
        ended.push_back(std::move(newest.held));
    }
    return nullptr;
}

std::optional<std::chrono::milliseconds>
idle_connections::put_back(std::shared_ptr<connection> returned, bool keep, steady_time now,
                           list& ended) {
    // Read once. If the connection ends later, the pool is notified and finds it here.
    bool const reusable = returned->reusable();
    if (tried_ == returned.get()) {
        tried_ = nullptr;
        policy_.end_trial(reusable);
    }
    bool const lost_request = returned->lost_request();
    bool const closed_early = returned->closed_unannounced();
    std::optional<std::chrono::milliseconds> fresh_for;
    if (lost_request) fresh_for = policy_.lose_request(now);
    if (closed_early) policy_.lose_trust();
    if (lost_request || closed_early) end_all_if_distrustful(ended);
    if (keep && reusable && policy_.may_rest(!entries_.empty(), now))
        entries_.push_back({std::move(returned), now});
    else
        ended.push_back(std::move(returned));
    return fresh_for;
}

bool idle_connections::remove_closed(std::shared_ptr<connection> const& closed, steady_time now,
                                     list& ended) {
    auto const place = std::ranges::find(entries_, closed, &resting::held);
    if (place == entries_.end()) return false;
    policy_.on_idle_closed(std::chrono::floor<std::chrono::milliseconds>(now - place->since), now);
    entries_.erase(place);
    ended.push_back(closed);
    end_all_if_distrustful(ended);
    return true;
}

/// The origin's earlier behaviour no longer counts, so connections that are idle now are no
/// evidence.
void idle_connections::end_all_if_distrustful(list& ended) {
    if (policy_.is_trusting()) return;
    for (auto& entry : std::exchange(entries_, {}))
        ended.push_back(std::move(entry.held));
}

steady_time idle_connections::next_due(steady_time now) const noexcept {
    if (entries_.empty()) return steady_time::max();
    auto const& oldest = entries_.front();
    return oldest.since + (is_on_probation(oldest) ? probation_ : policy_.idle_max(now));
}

idle_connections::list idle_connections::take_expired(steady_time now) {
    list expired;
    if (entries_.empty() || is_on_probation(entries_.front())) return expired;
    auto const too_old = now - policy_.idle_max(now);
    auto const young =
        std::ranges::find_if(entries_, [&](resting const& entry) { return entry.since > too_old; });
    for (auto at = entries_.begin(); at != young; ++at)
        expired.push_back(std::move(at->held));
    entries_.erase(entries_.begin(), young);
    return expired;
}

std::shared_ptr<connection> idle_connections::probation_ended(steady_time now) const noexcept {
    bool const is_over = !entries_.empty() && is_on_probation(entries_.front()) &&
                         entries_.front().since + probation_ <= now;
    return is_over ? entries_.front().held : nullptr;
}

bool idle_connections::confirm(std::shared_ptr<connection> const& tried) noexcept {
    if (entries_.empty() || entries_.front().held != tried) return false;
    entries_.front().passed_probation = true;
    return true;
}

idle_connections::list idle_connections::take_all() {
    list all;
    for (auto& entry : std::exchange(entries_, {}))
        all.push_back(std::move(entry.held));
    return all;
}

} // namespace otpd::net
