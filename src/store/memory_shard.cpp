#include "memory_shard.hpp"

namespace otpd::store {

void memory_shard::drop_expired(entry& of, store_time now) {
    if (of.scheduled > now) return; // nothing ends before that
    accounting const count(*budget_, of.state);
    of.state.drop_expired(now);
}

subject_state const& memory_shard::look(subject_key const& at, store_time now) {
    static subject_state const nothing;
    auto const found = subjects_.find(at);
    if (found == subjects_.end()) return nothing;
    drop_expired(found->second, now);
    if (!found->second.state.empty()) return found->second.state;
    subjects_.erase(found);
    return nothing;
}

void memory_shard::change(subject_key const& at, store_time now,
                          boost::compat::function_ref<void(subject_state&)> with) {
    auto const found = subjects_.try_emplace(at).first;
    auto& known = found->second;
    drop_expired(known, now);
    {
        accounting const count(*budget_, known.state);
        with(known.state);
    }
    if (known.state.empty())
        subjects_.erase(found);
    else
        schedule(at, known);
}

void memory_shard::schedule(subject_key const& subject, entry& of) {
    auto const next = of.state.next_expiry();
    if (next >= of.scheduled) return; // found again at the scheduled time, and moved on then
    of.scheduled = next;
    order_.push(due{next, subject});
    publish_next_expiry();
}

void memory_shard::publish_next_expiry() noexcept {
    auto const next = order_.empty() ? store_time::max() : order_.top().at;
    next_expiry_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
}

std::size_t memory_shard::sweep(store_time now, std::size_t subjects_max) {
    std::size_t removed = 0;
    for (; subjects_max > 0 && !order_.empty() && order_.top().at <= now; --subjects_max) {
        due const item = order_.top();
        order_.pop();
        auto const found = subjects_.find(item.subject);
        if (found == subjects_.end() || found->second.scheduled != item.at) continue;
        auto& known = found->second;
        std::size_t const before = known.state.items();
        drop_expired(known, now);
        removed += before - known.state.items();
        known.scheduled = store_time::max();
        if (known.state.empty())
            subjects_.erase(found);
        else
            schedule(item.subject, known);
    }
    publish_next_expiry();
    return removed;
}

} // namespace otpd::store
