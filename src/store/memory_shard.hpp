#pragma once

/// Where the memory store finds a number's state, when it expires and how much memory all may use: no
/// I/O, no waiting, time is an argument. What a step does to a number is number_state's.
/// One shard is used by one thread at a time (its strand sees to that).

#include "number_state.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstring>
#include <memory>
#include <queue>
#include <vector>

namespace otpd::store {

/// How much all shards together hold. Shared, hence atomic; the counts guard memory, not correctness,
/// so relaxed order is enough.
class memory_budget {
public:
    explicit memory_budget(std::size_t items_max) noexcept : items_max_(items_max) {}

    /// Takes room for `count` items, or none.
    [[nodiscard]] bool reserve(std::size_t count) noexcept;
    /// Says that there are `more` items, fewer when negative, whatever the bound.
    void add_items(std::int64_t more) noexcept {
        if (more != 0)
            items_.fetch_add(static_cast<std::uint64_t>(more), std::memory_order_relaxed);
    }
    void add_codes(std::int64_t more) noexcept {
        if (more != 0)
            codes_.fetch_add(static_cast<std::uint64_t>(more), std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint64_t items() const noexcept {
        return items_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t codes() const noexcept {
        return codes_.load(std::memory_order_relaxed);
    }

private:
    std::size_t const items_max_;
    std::atomic<std::uint64_t> items_{0};
    std::atomic<std::uint64_t> codes_{0};
};

class memory_shard {
public:
    explicit memory_shard(memory_budget& budget) noexcept : budget_(&budget) {}

    admit_outcome admit(admission& request, store_time now);
    settle_outcome settle(settlement& request, store_time now);
    check_outcome check_code(check const& request, store_time now);

    /// When the next item expires; store_time::max() when there is none.
    [[nodiscard]] store_time next_expiry() const noexcept;
    /// Looks at `numbers_max` due numbers at most; the count of items removed.
    std::size_t sweep(store_time now, std::size_t numbers_max);

private:
    struct entry {
        number_state state;
        /// The place in the order of expiry that counts; others of this number are stale.
        store_time scheduled = store_time::max();
    };
    /// Keys are keyed hashes already: their bytes are the hash.
    struct key_hash {
        using is_avalanching = void;
        std::size_t operator()(number_key const& key) const noexcept {
            std::size_t value = 0;
            std::memcpy(&value, key.data(), sizeof value);
            return value;
        }
    };
    struct due {
        store_time at;
        number_key number;
        bool operator>(due const& other) const noexcept { return at > other.at; }
    };
    /// Tells the budget, at the end of its life, what has become more or less in a number's state.
    class accounting {
    public:
        /// `reserved` items were taken from the budget before.
        accounting(memory_budget& budget, number_state const& state,
                   std::size_t reserved = 0) noexcept
            : budget_(budget), state_(state), items_(state.items() + reserved),
              codes_(state.codes.size()) {}
        ~accounting() {
            budget_.add_items(difference(state_.items(), items_));
            budget_.add_codes(difference(state_.codes.size(), codes_));
        }
        accounting(accounting const&) = delete;
        accounting& operator=(accounting const&) = delete;

    private:
        static std::int64_t difference(std::size_t now, std::size_t before) noexcept {
            return static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before);
        }
        memory_budget& budget_;
        number_state const& state_;
        std::size_t const items_;
        std::size_t const codes_;
    };

    entry* find(number_key const& number, store_time now);
    void schedule(number_key const& number, entry& of);

    boost::unordered_flat_map<number_key, entry, key_hash> numbers_;
    std::priority_queue<due, std::vector<due>, std::greater<>> order_;
    memory_budget* budget_;
};

} // namespace otpd::store
