#pragma once

/// The subjects in the file: a state is read when a step looks at it first, and what the steps of a
/// transaction have changed is written before its commit. Used by one thread; every function may throw
/// sqlite_error, after which the transaction is rolled back.

#include "sqlite_codec.hpp"
#include "sqlite_database.hpp"
#include "steps.hpp"

#include <cstdint>
#include <unordered_map>

namespace otpd::store {

class sqlite_subjects final : public subjects {
public:
    /// `database` is up to date and must outlive this.
    sqlite_subjects(sqlite_database& database, std::size_t items_max);

    void begin();
    /// Whether anything was written. Returns when it is on the disk.
    bool commit(store_time now);
    /// Takes back everything since begin(). Does not throw.
    void roll_back() noexcept;

    /// It is `now` for what follows.
    void turn_to(store_time now) noexcept { now_ = now; }
    subject_state const& look(subject_key const& at) override;
    void change(subject_key const& at,
                boost::compat::function_ref<void(subject_state&)> with) override;
    [[nodiscard]] bool has_room_for(std::size_t items) const override {
        return held_.items + items <= items_max_;
    }

    /// Removes `rows_max` rows of what has expired at most; how many.
    std::size_t sweep(store_time now, std::size_t rows_max);
    /// Writes some pages, in transactions of its own: after a failure this tells whether there is room
    /// again for more than one step.
    void try_to_write(store_time now);

    /// The latest time that anything was written at; the epoch when nothing was.
    [[nodiscard]] store_time latest();
    [[nodiscard]] std::uint64_t codes() const noexcept { return held_.codes; }
    [[nodiscard]] std::uint64_t items() const noexcept { return held_.items; }

private:
    struct totals {
        std::uint64_t codes = 0;
        std::uint64_t items = 0;
    };
    struct loaded {
        subject_state state;
        std::vector<stored_item> rows; ///< as they were read
        totals counted;                ///< what of it is in held_
        bool changed = false;
    };

    loaded& load(subject_key const& at);
    void save(subject_key const& at, loaded const& known);
    void write_changes();
    void touch(store_time now);

    sqlite_database& database_;
    std::uint64_t const items_max_;
    store_time now_;
    totals held_;      ///< with what the transaction has changed so far
    totals committed_; ///< held_ at begin()
    std::int64_t changes_at_begin_ = 0;
    /// Of this transaction.
    std::unordered_map<subject_key, loaded, subject_hash> loaded_;

    sqlite_statement begin_;
    sqlite_statement commit_;
    sqlite_statement load_;
    sqlite_statement put_;
    sqlite_statement remove_;
    sqlite_statement sweep_;
    sqlite_statement set_latest_;
    sqlite_statement latest_;
};

} // namespace otpd::store
