#include "memory_shard.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace otpd::store {

namespace {

// --- a block: the key, when it is scheduled, the state ----------------------------------------------

constexpr std::size_t time_at = sizeof(subject_key);
constexpr std::size_t time_size = 5;
constexpr std::size_t state_at = time_at + time_size;

/// A state that still fits stays where it is.
constexpr std::size_t block_size(std::size_t state_size) noexcept {
    return block_arena::room_for(state_at + state_size);
}

constexpr unsigned place_bits = 26;
constexpr std::uint64_t places_max = std::uint64_t{1} << place_bits;
/// Not scheduled; all times are before it. 38 bits are 8 years, which is longer than a machine runs.
constexpr std::uint64_t never = (std::uint64_t{1} << (64 - place_bits)) - 1;
static_assert(never < std::uint64_t{1} << 8 * time_size);

memory_shard::place place_of(std::uint64_t entry) noexcept {
    return static_cast<memory_shard::place>(entry & (places_max - 1));
}

/// Rounded up: when it is due, it has expired.
std::uint64_t milliseconds(store_time at) noexcept {
    if (at == store_time::max()) return never;
    auto const whole = std::chrono::ceil<duration>(at.time_since_epoch()).count();
    return std::min(never - 1, static_cast<std::uint64_t>(std::max(duration::rep{0}, whole)));
}

/// Grows by an eighth, where a vector alone would double: what it moves is few bytes, and what it has to spare
/// is there for each of many shards.
template <class T>
void make_room_for_one(std::vector<T>& list) {
    constexpr std::size_t least = 8;
    if (list.size() == list.capacity()) list.reserve(list.size() + list.size() / 8 + least);
}

} // namespace

memory_shard::place memory_shard::find(subject_key const& at) const noexcept {
    auto const found = by_subject_.find(at);
    return found == by_subject_.end() ? nowhere : *found;
}

subject_key memory_shard::key(place of) const noexcept {
    subject_key at;
    std::memcpy(at.data(), bytes(of), at.size());
    return at;
}

char const* memory_shard::state(place of) const noexcept {
    return reinterpret_cast<char const*>(bytes(of) + state_at);
}

std::uint64_t memory_shard::scheduled(place of) const noexcept {
    due at = 0;
    std::memcpy(&at, bytes(of) + time_at, time_size);
    return at;
}

void memory_shard::set_scheduled(place of, due at) noexcept {
    std::memcpy(bytes(of) + time_at, &at, time_size);
}

memory_shard::place memory_shard::add(subject_key const& at, std::string_view state) {
    if (blocks_.size() >= places_max && free_.empty())
        throw std::length_error("a shard of the memory store is full");
    make_room_in_order();
    if (free_.empty()) {
        make_room_for_one(blocks_);
        blocks_.push_back(block_arena::none);
        free_.push_back(static_cast<place>(blocks_.size() - 1));
    }
    auto const of = free_.back();
    blocks_[of] = memory_.allocate(block_size(state.size()));
    std::memcpy(bytes(of), at.data(), at.size());
    std::memcpy(bytes(of) + state_at, state.data(), state.size());
    set_scheduled(of, never);
    try {
        by_subject_.insert(of);
    } catch (...) {
        release(of);
        throw;
    }
    free_.pop_back();
    return of;
}

void memory_shard::replace(place of, std::size_t size_before, std::string_view state) {
    make_room_in_order();
    auto* known = bytes(of);
    auto const room = block_size(size_before);
    if (block_size(state.size()) != room) {
        auto const moved = memory_.allocate(block_size(state.size()));
        std::memcpy(memory_.at(moved), known, state_at);
        OPENSSL_cleanse(known + state_at, size_before);
        memory_.free(blocks_[of]);
        blocks_[of] = moved;
        known = bytes(of);
    } else if (state.size() < size_before) {
        OPENSSL_cleanse(known + state_at + state.size(), size_before - state.size());
    }
    std::memcpy(known + state_at, state.data(), state.size());
}

void memory_shard::remove(place of, std::size_t size_before) noexcept {
    by_subject_.erase(of);
    if (scheduled(of) != never) --scheduled_;
    OPENSSL_cleanse(bytes(of) + state_at, size_before);
    release(of);
    free_.push_back(of); // has room: it grew when the place was made
}

void memory_shard::release(place of) noexcept {
    memory_.free(blocks_[of]);
    blocks_[of] = block_arena::none;
}

/// It was scheduled earlier since, or is another subject's now.
bool memory_shard::is_stale(due entry) const noexcept {
    auto const of = place_of(entry);
    return blocks_[of] == block_arena::none || scheduled(of) != entry >> place_bits;
}

/// Stale entries would stay until their time, which can be a day away: what is scheduled for earlier again and again (a
/// number's guesses are kept for a day, each of its codes for minutes) would leave one each time.
void memory_shard::make_room_in_order() {
    if (order_.size() == order_.capacity() && order_.size() - scheduled_ > order_.size() / 8) {
        std::erase_if(order_, [this](due entry) { return is_stale(entry); });
        std::ranges::sort(order_); // which is a heap as well
        auto const alike = std::ranges::unique(order_);
        order_.erase(alike.begin(), alike.end());
    }
    make_room_for_one(order_);
}

void memory_shard::schedule(place of, store_time at) {
    auto const then = milliseconds(at);
    if (then >= scheduled(of)) return; // looked at again at the scheduled time, and moved on then
    make_room_in_order();
    if (scheduled(of) == never) ++scheduled_;
    order_.push_back(then << place_bits | of);
    std::ranges::push_heap(order_, std::greater<>());
    set_scheduled(of, then);
    publish_next_expiry();
}

std::optional<memory_shard::place> memory_shard::next_due(store_time now) {
    std::optional<place> found;
    auto const until =
        milliseconds(now + store_time::duration(1)); // those of a started one are not due
    while (!found && !order_.empty() && order_.front() >> place_bits < until) {
        auto const entry = order_.front();
        auto const of = place_of(entry);
        std::ranges::pop_heap(order_, std::greater<>());
        order_.pop_back();
        if (is_stale(entry)) continue;
        set_scheduled(of, never);
        --scheduled_;
        found = of;
    }
    publish_next_expiry();
    return found;
}

void memory_shard::publish_next_expiry() noexcept {
    auto next = store_time::max();
    if (!order_.empty())
        next = store_time(duration(static_cast<duration::rep>(order_.front() >> place_bits)));
    next_expiry_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
}

} // namespace otpd::store
