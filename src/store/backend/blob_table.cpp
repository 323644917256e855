#include "backend/blob_table.hpp"

#include "state/number_state.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <stdexcept>

namespace otpd::store {

namespace {

/// Rounds up to a whole second.
std::int64_t second_of(store_time at) noexcept {
    return std::chrono::ceil<std::chrono::seconds>(at.time_since_epoch()).count();
}

} // namespace

blob_table::blob_table(std::size_t shards) : shards_(shards) {
    if (!std::has_single_bit(shards))
        throw std::invalid_argument("the number of shards is not a power of two");
}

blob_table::head& blob_table::head_of(block const& block) noexcept {
    return *std::launder(reinterpret_cast<head*>(block.get()));
}

char* blob_table::bytes_of(block const& block) noexcept {
    return reinterpret_cast<char*>(block.get() + sizeof(head));
}

/// Selects the shard by the end of the key, because the hash within a shard uses its beginning.
blob_table::shard& blob_table::home(state::state_key const& key) noexcept {
    std::size_t tail = 0;
    std::memcpy(&tail, key.hash.data() + key.hash.size() - sizeof tail, sizeof tail);
    return shards_[tail & (shards_.size() - 1)];
}

std::string_view blob_table::find(state::state_key const& key) {
    auto const& in = home(key);
    auto const found = in.find(key);
    if (found == in.end()) return {};
    return {bytes_of(found->second), head_of(found->second).size};
}

// --- changes ------------------------------------------------------------------------------------

blob_table::block& blob_table::put(state::state_key const& key, std::string_view blob) {
    auto fresh = std::make_unique_for_overwrite<std::byte[]>(sizeof(head) + blob.size());
    auto const [at, is_new] = home(key).try_emplace(key);
    auto& kept = at->second;
    auto* const first = ::new (fresh.get()) head();
    if (is_new) {
        ++states_;
    } else {
        *first = head_of(kept);
        bytes_ -= first->size;
    }
    first->size = static_cast<std::uint32_t>(blob.size());
    bytes_ += blob.size();
    std::memcpy(fresh.get() + sizeof(head), blob.data(), blob.size());
    kept = std::move(fresh);
    return kept;
}

void blob_table::erase(state::state_key const& key) {
    auto& in = home(key);
    auto const found = in.find(key);
    if (found == in.end()) return;
    auto& first = head_of(found->second);
    set_live(first, {});
    bytes_ -= first.size;
    --states_;
    in.erase(found);
}

void blob_table::set_live(head& head, state::live_codes live) noexcept {
    live_codes_ += live.count;
    live_codes_ -= head.live_codes;
    head.live_codes = live.count;
}

void blob_table::schedule(state::state_key const& key, head& head, store_time at) {
    auto const second = second_of(at);
    if (head.due != 0 && head.due <= second) return; // it is checked before that
    calendar_[second].push_back(key);
    head.due = second;
}

void blob_table::write(state_write const& write) {
    if (write.type == state_write::kind::compare) return;
    if (write.type == state_write::kind::erase) {
        erase(write.key);
        return;
    }
    auto& first = head_of(put(write.key, write.blob));
    first.retained_until = write.retained_until;
    set_live(first, write.live);
    schedule(write.key, first, std::min(write.live.next_end, write.retained_until));
}

void blob_table::apply(commit& commit) {
    targets_.assign(commit.shared.size(), nullptr);
    for (std::size_t n = 0; n < commit.shared.size(); ++n) {
        auto const& target = commit.shared[n];
        if (target.retained_until == store_time()) continue; // nothing is added to it
        if (!target.structure.empty()) put(target.key, restructured(target, find(target.key)));
        auto const& in = home(target.key);
        auto const found = in.find(target.key);
        if (found == in.end()) continue;
        auto& first = head_of(found->second);
        first.retained_until = std::max(first.retained_until, target.retained_until);
        schedule(target.key, first, first.retained_until);
        targets_[n] = bytes_of(found->second);
    }
    make_additions(commit, targets_);
    for (auto const& entry : commit.writes)
        if (!commit.failed[entry.group]) write(entry);
}

// --- the end of states --------------------------------------------------------------------------

bool blob_table::is_due(store_time now) const noexcept {
    return !calendar_.empty() &&
           calendar_.begin()->first <= now.time_since_epoch() / std::chrono::seconds(1);
}

bool blob_table::look_again(state::state_key const& key, std::int64_t second, store_time now) {
    auto const& in = home(key);
    auto const found = in.find(key);
    if (found == in.end()) return false;
    auto& first = head_of(found->second);
    if (first.due != second) return false; // it was checked earlier, or will be checked later
    if (first.retained_until <= now) {
        erase(key);
        return true;
    }
    state::live_codes live;
    if (first.live_codes > 0)
        live = state::live_codes_in({bytes_of(found->second), first.size}, now);
    set_live(first, live);
    first.due = 0;
    schedule(key, first, std::min(live.next_end, first.retained_until));
    return false;
}

std::size_t blob_table::sweep(store_time now, std::size_t keys_max) {
    std::size_t deleted = 0;
    for (; keys_max > 0 && is_due(now); --keys_max) {
        auto const next = calendar_.begin();
        auto const second = next->first;
        auto const key = next->second.back();
        next->second.pop_back();
        if (next->second.empty()) calendar_.erase(next);
        deleted += look_again(key, second, now) ? 1U : 0U;
    }
    return deleted;
}

} // namespace otpd::store
