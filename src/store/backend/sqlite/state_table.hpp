#pragma once

/// The states in the file. Handles keys and bytes, without rules; time is an argument.

#include "backend/sqlite/sqlite_database.hpp"
#include "backend_io.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace otpd::store {

/// Used by one thread. Members that are not noexcept may throw sqlite_error; the transaction must
/// then be rolled back.
class state_table {
public:
    struct slice {
        std::size_t looked_at = 0;
        std::size_t deleted = 0;
    };

    /// `database` must have the tables and outlive this object.
    explicit state_table(sqlite_database& database);

    /// The blobs are valid until the next call.
    void load(std::vector<flight::load>& loads);
    /// Prepares the commit of the loaded states: makes the additions and determines which groups
    /// fail, without writing. Returns whether there is anything to write. Checks only the
    /// additions, because no other step has changed the loaded states.
    bool prepare(commit& commit);

    void begin();
    /// Writes the prepared commit.
    void write(commit const& commit);
    /// Deletes states that have expired by `now`, and counts codes again whose time is over. Checks
    /// at most `states_max` due states.
    slice sweep(store_time now, std::size_t states_max);
    /// Returns once everything since begin() is on the disk. Returns whether there was anything.
    bool end();
    void roll_back() noexcept;

    /// Writes some pages in transactions of its own. After a failure, this tells whether there is
    /// room again for more than one step.
    void try_to_write();

    [[nodiscard]] std::uint64_t states() const noexcept { return totals_.states; }
    [[nodiscard]] std::uint64_t live_codes() const noexcept { return totals_.live_codes; }

private:
    struct totals {
        std::uint64_t states = 0;
        std::uint64_t live_codes = 0;
    };
    struct stored_row {
        std::int64_t id = 0; ///< 0: no row
        store_time retained_until;
        store_time due;
        std::uint32_t live_codes = 0;
        std::string blob; ///< of a shared state, including the additions
        bool is_added_to = false;
    };

    void put(state::state_key const& key, stored_row const& before, std::string_view blob,
             store_time retained_until, state::live_codes live);
    void erase(stored_row const& what);
    void reschedule(stored_row const& what, store_time due, std::uint32_t live_codes);

    sqlite_database& database_;
    sqlite_statement begin_;
    sqlite_statement end_;
    sqlite_statement find_;
    sqlite_statement insert_;
    sqlite_statement update_;
    sqlite_statement reschedule_;
    sqlite_statement erase_;
    sqlite_statement list_due_;

    totals totals_;    ///< including the changes of this transaction
    totals committed_; ///< as committed in the file
    std::int64_t changes_at_begin_ = 0;
    /// The rows that were loaded last. Nobody else changes them before the commit.
    boost::unordered_flat_map<state::state_key, stored_row, state::state_key_hash> rows_;
};

} // namespace otpd::store
