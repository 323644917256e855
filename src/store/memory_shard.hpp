#pragma once

/// Where the memory store finds a subject's state, when it expires and how much memory all may use: no
/// I/O, no waiting, time is an argument. What a step does to a state is subject_state's.

#include "subject_state.hpp"

#include <boost/compat/function_ref.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <queue>
#include <vector>

namespace otpd::store {

/// How much all shards together hold. Written by one thread at a time, read by any.
class memory_budget {
public:
    explicit memory_budget(std::size_t items_max) noexcept : items_max_(items_max) {}

    [[nodiscard]] bool has_room_for(std::size_t count) const noexcept {
        return items() + count <= items_max_;
    }
    /// Says that there are `more` of them, fewer when negative, whatever the bound.
    void add(std::int64_t more_items, std::int64_t more_codes) noexcept {
        if (more_items != 0)
            items_.fetch_add(static_cast<std::uint64_t>(more_items), std::memory_order_relaxed);
        if (more_codes != 0)
            codes_.fetch_add(static_cast<std::uint64_t>(more_codes), std::memory_order_relaxed);
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

/// Used by one thread at a time, but for next_expiry().
class memory_shard {
public:
    explicit memory_shard(memory_budget& budget) noexcept : budget_(&budget) {}

    /// As subjects::look() and subjects::change().
    subject_state const& look(subject_key const& at, store_time now);
    void change(subject_key const& at, store_time now,
                boost::compat::function_ref<void(subject_state&)> with);

    /// When the next item expires; store_time::max() when there is none. From any thread.
    [[nodiscard]] store_time next_expiry() const noexcept {
        return store_time(store_time::duration(next_expiry_.load(std::memory_order_relaxed)));
    }
    /// Looks at `subjects_max` due subjects at most; the count of items removed.
    std::size_t sweep(store_time now, std::size_t subjects_max);

private:
    struct entry {
        subject_state state;
        /// The place in the order of expiry that counts; others of this subject are stale.
        store_time scheduled = store_time::max();
    };
    struct due {
        store_time at;
        subject_key subject;
        bool operator>(due const& other) const noexcept { return at > other.at; }
    };
    using table = boost::unordered_flat_map<subject_key, entry, subject_hash>;

    /// Tells the budget, at the end of its life, what has become more or less in a state.
    class accounting {
    public:
        accounting(memory_budget& budget, subject_state const& state) noexcept
            : budget_(budget), state_(state), items_(state.items()), codes_(state.codes()) {}
        ~accounting() {
            budget_.add(difference(state_.items(), items_), difference(state_.codes(), codes_));
        }
        accounting(accounting const&) = delete;
        accounting& operator=(accounting const&) = delete;

    private:
        static std::int64_t difference(std::size_t now, std::size_t before) noexcept {
            return static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before);
        }
        memory_budget& budget_;
        subject_state const& state_;
        std::size_t const items_;
        std::size_t const codes_;
    };

    void drop_expired(entry& of, store_time now);
    void schedule(subject_key const& subject, entry& of);
    void publish_next_expiry() noexcept;

    table subjects_;
    std::priority_queue<due, std::vector<due>, std::greater<>> order_;
    std::atomic<store_time::rep> next_expiry_{store_time::max().time_since_epoch().count()};
    memory_budget* budget_;
};

} // namespace otpd::store
