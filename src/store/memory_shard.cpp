#include "memory_shard.hpp"

namespace otpd::store {

bool memory_budget::reserve(std::size_t count) noexcept {
    auto const before = items_.fetch_add(count, std::memory_order_relaxed);
    if (before + count <= items_max_) return true;
    items_.fetch_sub(count, std::memory_order_relaxed);
    return false;
}

/// What is known of a number, without anything that has expired; null when nothing is left or nothing
/// was there.
memory_shard::entry* memory_shard::find(number_key const& number, store_time now) {
    auto const found = numbers_.find(number);
    if (found == numbers_.end()) return nullptr;
    {
        accounting const count(*budget_, found->second.state);
        found->second.state.drop_expired(now);
    }
    if (!found->second.state.empty()) return &found->second;
    numbers_.erase(found);
    return nullptr;
}

void memory_shard::schedule(number_key const& number, entry& of) {
    auto const next = of.state.next_expiry();
    if (next >= of.scheduled) return; // found again at the scheduled time, and moved on then
    of.scheduled = next;
    order_.push(due{next, number});
}

admit_outcome memory_shard::admit(admission& request, store_time now) {
    static number_state const unknown;
    auto* known = find(request.key.number, now);
    auto const& before = known != nullptr ? known->state : unknown;
    if (auto broken = before.violations(request, now); !broken.empty())
        return refused{std::move(broken)};
    std::size_t const room = before.room_for(request);
    if (!budget_->reserve(room)) return full{};

    if (known == nullptr) known = &numbers_[request.key.number];
    accounting const count(*budget_, known->state, room);
    known->state.apply(request, now);
    schedule(request.key.number, *known);
    return admitted{};
}

settle_outcome memory_shard::settle(settlement& request, store_time now) {
    auto* known = find(request.key.number, now);
    if (known == nullptr) return settle_outcome::superseded;
    accounting const count(*budget_, known->state);
    auto const outcome = known->state.settle(request, now);
    schedule(request.key.number, *known);
    return outcome;
}

check_outcome memory_shard::check_code(check const& request, store_time now) {
    auto* known = find(request.key.number, now);
    if (known == nullptr) return absent{};
    accounting const count(*budget_, known->state);
    auto outcome = known->state.check_code(request, now);
    schedule(request.key.number, *known);
    return outcome;
}

store_time memory_shard::next_expiry() const noexcept {
    return order_.empty() ? store_time::max() : order_.top().at;
}

std::size_t memory_shard::sweep(store_time now, std::size_t numbers_max) {
    std::size_t removed = 0;
    for (; numbers_max > 0 && !order_.empty() && order_.top().at <= now; --numbers_max) {
        due const item = order_.top();
        order_.pop();
        auto const found = numbers_.find(item.number);
        if (found == numbers_.end() || found->second.scheduled != item.at) continue;
        auto& known = found->second;
        std::size_t const before = known.state.items();
        {
            accounting const count(*budget_, known.state);
            known.state.drop_expired(now);
        }
        removed += before - known.state.items();
        known.scheduled = store_time::max();
        if (known.state.empty())
            numbers_.erase(found);
        else
            schedule(item.number, known);
    }
    return removed;
}

} // namespace otpd::store
