#pragma once

/// Blobs by key, in this process's memory, and the order in which they end. No rules, no waiting;
/// time is an argument.

#include "commit.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace otpd::store {

/// Spread over shards: growing one of many small tables is a short pause, growing one large table
/// is a long one. Used by one thread at a time.
class blob_table {
public:
    /// `shards`: a power of two, or std::invalid_argument is thrown.
    explicit blob_table(std::size_t shards);

    /// Empty when nothing is kept. Valid until the next change.
    [[nodiscard]] std::string_view find(state::state_key const& key);
    /// Nobody else has changed what its steps ran on, so only additions are looked at again.
    void apply(commit& commit);

    /// Deletes what has ended by then, of at most so many keys that are due; how many were deleted.
    std::size_t sweep(store_time now, std::size_t keys_max);
    [[nodiscard]] bool is_due(store_time now) const noexcept;

    [[nodiscard]] std::uint64_t states() const noexcept { return states_; }
    [[nodiscard]] std::uint64_t live_codes() const noexcept { return live_codes_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    /// Before the bytes of a blob, in one piece of memory with them.
    struct head {
        store_time retained_until;
        std::int64_t due = 0; ///< the second in which it is looked at again, at the latest
        std::uint32_t size = 0;
        std::uint32_t live_codes = 0;
    };
    using block = std::unique_ptr<std::byte[]>;
    using shard = boost::unordered_flat_map<state::state_key, block, state::state_key_hash>;

    [[nodiscard]] static head& head_of(block const& block) noexcept;
    [[nodiscard]] static char* bytes_of(block const& block) noexcept;
    [[nodiscard]] shard& home(state::state_key const& key) noexcept;

    /// The block of that key with that blob, in place of what was there.
    block& put(state::state_key const& key, std::string_view blob);
    void erase(state::state_key const& key);
    void write(state_write const& write);
    void set_live(head& head, state::live_codes live) noexcept;
    void schedule(state::state_key const& key, head& head, store_time at);
    /// Whether it was deleted.
    bool look_again(state::state_key const& key, std::int64_t second, store_time now);

    std::vector<shard> shards_;
    /// By the second in which they are due. Each key is in one place, or in an earlier one as well:
    /// those that are not its head's are passed over.
    std::map<std::int64_t, std::vector<state::state_key>> calendar_;
    std::uint64_t states_ = 0;
    std::uint64_t live_codes_ = 0;
    std::uint64_t bytes_ = 0;
    std::vector<char*> targets_; ///< of the commit that is applied
};

} // namespace otpd::store
