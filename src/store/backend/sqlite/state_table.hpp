#pragma once

/// The states in the file. Keys and bytes, no rules; time is an argument.

#include "backend/sqlite/sqlite_database.hpp"
#include "backend_io.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace otpd::store {

/// Used by one thread. Whatever is not noexcept may throw sqlite_error, after which the transaction
/// has to be rolled back.
class state_table {
public:
    struct slice {
        std::size_t looked_at = 0;
        std::size_t deleted = 0;
    };

    /// `database` has the tables, and must outlive this.
    explicit state_table(sqlite_database& database);

    /// The blobs stay until the next call.
    void load(std::vector<flight::load>& loads);
    /// Of states that were loaded last. Makes the additions, without writing anything: afterwards
    /// it is known which groups fail. True when something is to be written. Nobody else has changed
    /// what its steps ran on, so only additions are looked at again.
    bool prepare(commit& commit);

    void begin();
    /// What was prepared.
    void write(commit const& commit);
    /// Deletes what has ended by then, and counts the codes anew whose time is over, of at most so
    /// many states that are due.
    slice sweep(store_time now, std::size_t states_max);
    /// Returns when everything since begin() is on the disk. Whether that was anything.
    bool end();
    void roll_back() noexcept;

    /// Writes some pages, in transactions of its own: after a failure this tells whether there is
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
        std::int64_t id = 0; ///< 0: nothing is kept
        store_time retained_until;
        store_time due;
        std::uint32_t live_codes = 0;
        std::string blob; ///< of a shared state, with what was added
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

    totals totals_;    ///< with what the transaction has changed so far
    totals committed_; ///< as they are in the file
    std::int64_t changes_at_begin_ = 0;
    /// Those that were loaded last: nobody else changes them before the commit.
    boost::unordered_flat_map<state::state_key, stored_row, state::state_key_hash> rows_;
};

} // namespace otpd::store
