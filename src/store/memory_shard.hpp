#pragma once

/// The rules of the memory store as plain data and functions: no I/O, no waiting, time is an argument.
/// One shard is used by one thread at a time (its strand sees to that).

#include "otpd/core/clock.hpp"
#include "otpd/store/store.hpp"

#include <boost/container/small_vector.hpp>
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
    /// Takes room for one item whatever the bound.
    void take() noexcept { items_.fetch_add(1, std::memory_order_relaxed); }
    void release(std::size_t count) noexcept { items_.fetch_sub(count, std::memory_order_relaxed); }
    void code_added() noexcept { codes_.fetch_add(1, std::memory_order_relaxed); }
    void code_removed() noexcept { codes_.fetch_sub(1, std::memory_order_relaxed); }

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

    admit_outcome admit(admission& request, steady_time now);
    settle_outcome settle(settlement& request, steady_time now);
    check_outcome check_code(check const& request, steady_time now);

    /// When the next item expires; steady_time::max() when there is none.
    [[nodiscard]] steady_time next_expiry() const noexcept;
    /// Looks at `numbers_max` due numbers at most; the count of items removed.
    std::size_t sweep(steady_time now, std::size_t numbers_max);

private:
    struct code_record {
        std::string purpose;
        verification_id id;
        code_mac code;
        steady_time expires;
        std::uint32_t attempts = 0;
        std::unique_ptr<receipt> sent; ///< once the upstream has accepted
    };
    /// GCRA: `busy_until` is the theoretical arrival time; the counter is idle once it has passed.
    struct counter {
        std::string name;
        steady_time busy_until;
    };
    struct guess_tally {
        std::uint32_t count = 0;
        steady_time expires; ///< meaningful while count > 0
    };
    struct number_state {
        boost::container::small_vector<code_record, 1> codes;
        boost::container::small_vector<counter, 1> counters;
        guess_tally guesses;
        /// The place in the order of expiry that counts; others of this number are stale.
        steady_time scheduled = steady_time::max();

        [[nodiscard]] bool empty() const noexcept {
            return codes.empty() && counters.empty() && guesses.count == 0;
        }
        [[nodiscard]] steady_time next_expiry() const noexcept;
        [[nodiscard]] code_record* find_code(std::string_view purpose) noexcept;
        [[nodiscard]] counter* find_counter(std::string_view name) noexcept;
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
        steady_time at;
        number_key number;
        bool operator>(due const& other) const noexcept { return at > other.at; }
    };

    number_state* find(number_key const& number, steady_time now);
    std::size_t drop_expired(number_state& state, steady_time now);
    void drop_code(number_state& state, code_record* code);
    void schedule(number_key const& number, number_state& state);
    void take(number_state& state, charge const& charge, steady_time now);
    void give_back(number_state& state, charge const& charge);
    static std::vector<violation> violations(number_state* state, admission const& request,
                                             steady_time now);

    boost::unordered_flat_map<number_key, number_state, key_hash> numbers_;
    std::priority_queue<due, std::vector<due>, std::greater<>> order_;
    memory_budget* budget_;
};

} // namespace otpd::store
