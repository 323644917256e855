#pragma once

/// All subjects of the memory store, and how one step sees them: unpacked when it looks at one first, packed
/// again when it has changed it.

#include "memory_shard.hpp"
#include "name_book.hpp"
#include "steps.hpp"

#include <atomic>
#include <deque>
#include <string>

namespace otpd::store {

/// How much all shards together hold. Written by one thread at a time, read by any.
class memory_budget {
public:
    explicit memory_budget(std::size_t items_max) noexcept : items_max_(items_max) {}

    [[nodiscard]] bool has_room_for(std::size_t count) const noexcept {
        return items() + count <= items_max_;
    }
    /// In place of `before` there are now so many, whatever the bound.
    void change_items(std::size_t before, std::size_t now) noexcept { change(items_, before, now); }
    void change_codes(std::size_t before, std::size_t now) noexcept { change(codes_, before, now); }

    [[nodiscard]] std::uint64_t items() const noexcept {
        return items_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t codes() const noexcept {
        return codes_.load(std::memory_order_relaxed);
    }

private:
    static void change(std::atomic<std::uint64_t>& sum, std::uint64_t before,
                       std::uint64_t now) noexcept {
        if (now != before)
            sum.store(sum.load(std::memory_order_relaxed) + now - before,
                      std::memory_order_relaxed);
    }

    std::size_t const items_max_;
    std::atomic<std::uint64_t> items_{0};
    std::atomic<std::uint64_t> codes_{0};
};

/// Spread over shards: growing one of many small tables is a short pause, growing one large table is a long
/// one. Used by one thread at a time, but for budget() and each shard's next_expiry().
class memory_table {
public:
    /// `shards`: a power of two, or std::invalid_argument is thrown.
    memory_table(std::size_t shards, std::size_t items_max);

    [[nodiscard]] std::deque<memory_shard> const& shards() const noexcept { return shards_; }
    [[nodiscard]] memory_budget const& budget() const noexcept { return budget_; }

    /// Looks at `subjects_max` due subjects of a shard at most; the count of items removed.
    std::size_t sweep(std::size_t shard, store_time now, std::size_t subjects_max);

private:
    friend class memory_step;

    /// What a step looks at.
    struct working {
        subject_key at{};
        memory_shard* home = nullptr;
        memory_shard::place place = memory_shard::nowhere;
        std::size_t size = 0;  ///< packed, as it is kept
        std::size_t items = 0; ///< in the budget, as it is kept
        std::size_t codes = 0;
        bool changed = false;
        subject_state state; ///< looks into what is kept, until that changes
    };

    memory_shard& home(subject_key const& key) noexcept;
    /// Without what has expired.
    void load(working& into, subject_key const& at, memory_shard& home, memory_shard::place place,
              store_time now) const;
    void save(working const& known);

    memory_budget budget_;
    block_arena memory_;
    std::deque<memory_shard> shards_; // never moves its elements
    name_book names_;
    // Kept from step to step for their memory.
    std::deque<working> workings_;
    std::string packed_;
};

/// The table during one step. Nothing of the step is kept before keep().
class memory_step final : public subjects {
public:
    memory_step(memory_table& table, store_time now) noexcept : table_(table), now_(now) {}

    subject_state const& look(subject_key const& at) override { return find(at).state; }
    void change(subject_key const& at,
                boost::compat::function_ref<void(subject_state&)> with) override;
    [[nodiscard]] bool has_room_for(std::size_t items) const override;

    void keep();

private:
    memory_table::working& find(subject_key const& at);

    memory_table& table_;
    store_time now_;
    std::size_t used_ = 0; ///< of the workings
};

} // namespace otpd::store
