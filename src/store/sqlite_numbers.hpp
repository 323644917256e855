#pragma once

/// The numbers in the file, step by step: a number's state is read, number_state's rules are applied, and
/// what they changed is written. One transaction holds many steps. Used by one thread; every function
/// may throw sqlite_error, after which the transaction is rolled back.

#include "number_state.hpp"
#include "sqlite_database.hpp"

#include <cstdint>

namespace otpd::store {

class sqlite_numbers {
public:
    /// `database` is up to date and must outlive this.
    sqlite_numbers(sqlite_database& database, std::size_t items_max);

    void begin();
    /// Whether anything was written. Returns when it is on the disk.
    bool commit(store_time now);
    /// Takes back everything since begin(). Does not throw.
    void roll_back() noexcept;

    admit_outcome admit(admission& request, store_time now);
    settle_outcome settle(settlement& request, store_time now);
    check_outcome check_code(check const& request, store_time now);
    /// Removes `items_max` expired items at most; how many.
    std::size_t sweep(store_time now, std::size_t items_max);
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
    struct loaded;

    loaded load(number_key const& number, store_time now);
    void save(number_key const& number, loaded const& known);
    void touch(store_time now);
    void save_code(number_key const& number, code_record const& code);

    sqlite_database& database_;
    std::uint64_t const items_max_;
    totals held_;      ///< with what the transaction has changed so far
    totals committed_; ///< held_ at begin()
    std::int64_t changes_at_begin_ = 0;

    sqlite_statement begin_;
    sqlite_statement commit_;
    sqlite_statement load_;
    sqlite_statement put_code_;
    sqlite_statement put_counter_;
    sqlite_statement put_guesses_;
    sqlite_statement remove_;
    sqlite_statement sweep_;
    sqlite_statement set_latest_;
    sqlite_statement latest_;
};

} // namespace otpd::store
