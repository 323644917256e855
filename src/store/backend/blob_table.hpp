#pragma once

/// Blobs by key in this process's memory, sorted by expiry. Contains no rules and does not wait;
/// time is an argument.

#include "commit.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace otpd::store {

/// The blobs are spread over shards: growing one small table is a short pause, growing one large
/// table a long one. Used by one thread at a time.
class blob_table {
public:
    /// `shards` must be a power of two, otherwise this throws std::invalid_argument.
    explicit blob_table(std::size_t shards);

    /// Returns an empty view if there is no blob. Valid until the next change.
    [[nodiscard]] std::string_view find(state::state_key const& key);
    /// Checks only the additions, because no other step has changed the states that the commit is
    /// based on.
    void apply(commit& commit);

    /// Deletes states that have expired by `now`, checking at most `keys_max` due keys. Returns how
    /// many it deleted.
    std::size_t sweep(store_time now, std::size_t keys_max);
    [[nodiscard]] bool is_due(store_time now) const noexcept;

    [[nodiscard]] std::uint64_t states() const noexcept { return states_; }
    [[nodiscard]] std::uint64_t live_codes() const noexcept { return live_codes_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    /// The header of a blob, in one allocation with its bytes.
    struct head {
        store_time retained_until;
        std::int64_t due = 0; ///< the second in which it is checked again, at the latest
        std::uint32_t size = 0;
        std::uint32_t live_codes = 0;
    };
    using block = std::unique_ptr<std::byte[]>;
    using shard = boost::unordered_flat_map<state::state_key, block, state::state_key_hash>;

    [[nodiscard]] static head& head_of(block const& block) noexcept;
    [[nodiscard]] static char* bytes_of(block const& block) noexcept;
    [[nodiscard]] shard& home(state::state_key const& key) noexcept;

    /// Stores `blob` under `key`, replacing what was there, and returns its block.
    block& put(state::state_key const& key, std::string_view blob);
    void erase(state::state_key const& key);
    void write(state_write const& write);
    void set_live(head& head, state::live_codes live) noexcept;
    void schedule(state::state_key const& key, head& head, store_time at);
    /// Returns whether it was deleted.
    bool look_again(state::state_key const& key, std::int64_t second, store_time now);

    std::vector<shard> shards_;
    /// The keys by the second in which they are due. A key may also be left over at an earlier
    /// second; the sweep skips entries that do not match the key's head.
    std::map<std::int64_t, std::vector<state::state_key>> calendar_;
    std::uint64_t states_ = 0;
    std::uint64_t live_codes_ = 0;
    std::uint64_t bytes_ = 0;
    std::vector<char*> targets_; ///< of the commit being applied
};

} // namespace otpd::store
