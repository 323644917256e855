#pragma once

/// Where the memory store keeps a subject's packed state, and the order in which they are to be looked at again:
/// no I/O, no waiting, no rules, time is an argument.
///
/// A subject has a place, a number that stays while it is kept; its bytes may move. What refers to it refers to
/// the place in four bytes: the table by subject and the order of expiry, which would else hold its key of
/// sixteen bytes once more.

#include "block_arena.hpp"
#include "otpd/store/charge.hpp"
#include "store_time.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace otpd::store {

/// Used by one thread at a time, but for next_expiry(). Does not move.
class memory_shard {
public:
    using place = std::uint32_t;
    static constexpr place nowhere = ~place{0};

    /// The arena, which may have other shards' blocks, has to stay longer.
    explicit memory_shard(block_arena& memory) noexcept : memory_(memory) {}
    ~memory_shard() = default;
    memory_shard(memory_shard const&) = delete;
    memory_shard& operator=(memory_shard const&) = delete;

    [[nodiscard]] place find(subject_key const& at) const noexcept;
    [[nodiscard]] subject_key key(place of) const noexcept;
    /// Valid until the next change of this subject.
    [[nodiscard]] char const* state(place of) const noexcept;

    /// A subject that is not kept yet. Throws std::length_error when it would be the 2^26th of its shard.
    place add(subject_key const& at, std::string_view state);
    /// Another state for one that is, which was `size_before` long.
    void replace(place of, std::size_t size_before, std::string_view state);
    void remove(place of, std::size_t size_before) noexcept;

    /// It is to be looked at then, at the latest; store_time::max(): never. Does not throw after add() or
    /// replace().
    void schedule(place of, store_time at);
    /// One that is due by then, which is no longer scheduled; nothing when there is none.
    std::optional<place> next_due(store_time now);
    /// When the first is due; store_time::max() when none ever is. From any thread.
    [[nodiscard]] store_time next_expiry() const noexcept {
        return store_time(store_time::duration(next_expiry_.load(std::memory_order_relaxed)));
    }

private:
    /// Milliseconds of the store's clock above, the place in the lowest bits: one number that orders them.
    using due = std::uint64_t;

    /// Keys are keyed hashes already: their bytes are the hash.
    struct hash {
        using is_avalanching = void;
        using is_transparent = void;
        memory_shard const* of;
        std::size_t operator()(subject_key const& key) const noexcept {
            std::size_t value = 0;
            std::memcpy(&value, key.data(), sizeof value);
            return value;
        }
        std::size_t operator()(place at) const noexcept { return operator()(of->key(at)); }
    };
    struct same {
        using is_transparent = void;
        memory_shard const* of;
        bool operator()(place a, place b) const noexcept { return a == b; }
        bool operator()(subject_key const& a, place b) const noexcept { return a == of->key(b); }
        bool operator()(place a, subject_key const& b) const noexcept { return b == of->key(a); }
    };

    [[nodiscard]] std::byte* bytes(place of) const noexcept { return memory_.at(blocks_[of]); }
    void release(place of) noexcept;
    [[nodiscard]] bool is_stale(due entry) const noexcept;
    void make_room_in_order();
    [[nodiscard]] due scheduled(place of) const noexcept;
    void set_scheduled(place of, due milliseconds) noexcept;
    void publish_next_expiry() noexcept;

    block_arena& memory_;
    std::vector<block_arena::block> blocks_; ///< by place
    std::vector<place> free_;
    boost::unordered_flat_set<place, hash, same> by_subject_{0, hash{this}, same{this}};
    std::vector<due> order_;    ///< a heap, the earliest at its front, with entries that are stale
    std::size_t scheduled_ = 0; ///< places, with an entry each that is not
    std::atomic<store_time::rep> next_expiry_{store_time::max().time_since_epoch().count()};
};

} // namespace otpd::store
