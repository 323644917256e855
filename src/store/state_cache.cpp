#include "state_cache.hpp"

namespace otpd::store {

state_cache::entry const* state_cache::find(state::state_key const& key) {
    auto const found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    auto& known = entries_.front();
    if (key.is_shared() && may_be_lost(known.asked_at) && !known.seen) known.seen = known.blob;
    return &known;
}

void state_cache::put(state::state_key const& key, std::string_view blob, std::uint64_t asked_at,
                      std::optional<std::string> seen) {
    if (entries_max_ == 0) return;
    if (find(key) == nullptr) {
        if (entries_.size() == entries_max_) {
            by_key_.erase(entries_.back().key);
            entries_.splice(entries_.begin(), entries_, std::prev(entries_.end()));
        } else {
            entries_.emplace_front();
        }
        entries_.front().key = key;
        by_key_.emplace(key, entries_.begin());
    }
    entries_.front().blob.assign(blob);
    entries_.front().asked_at = asked_at;
    entries_.front().newest = state::version_of(blob);
    entries_.front().seen = std::move(seen);
}

void state_cache::put_deleted(state::state_key const& key, state::version last,
                              std::uint64_t asked_at) {
    if (entries_max_ == 0) return;
    put(key, {}, asked_at);
    entries_.front().newest = last;
}

void state_cache::clear() noexcept {
    by_key_.clear();
    entries_.clear();
}

} // namespace otpd::store
