#include "backend/sqlite/state_table.hpp"

#include "state/number_state.hpp"

#include <algorithm>

namespace otpd::store {

namespace {

using run = sqlite_statement::run;
constexpr std::int64_t in_column(store_time at) noexcept {
    return at.time_since_epoch().count();
}
store_time time_in(run const& row, int column) noexcept {
    return store_time(store_time::duration(row.integer(column)));
}

} // namespace

state_table::state_table(sqlite_database& database)
    : database_(database), begin_(database, "BEGIN IMMEDIATE"), end_(database, "COMMIT"),
      find_(database,
            "SELECT rowid, retained_until, due, live_codes, state FROM states WHERE key = ?"),
      insert_(database, "INSERT INTO states (key, state, retained_until, due, live_codes)"
                        " VALUES (?, ?, ?, ?, ?)"),
      update_(database, "UPDATE states SET state = ?, retained_until = ?, live_codes = ?"
                        " WHERE rowid = ?"),
      reschedule_(database, "UPDATE states SET due = ?, live_codes = ? WHERE rowid = ?"),
      erase_(database, "DELETE FROM states WHERE rowid = ?"),
      list_due_(database, "SELECT rowid, retained_until, due, live_codes, state FROM states"
                          " INDEXED BY states_by_due WHERE due <= ? ORDER BY due LIMIT ?") {
    sqlite_statement count(database, "SELECT count(*), sum(live_codes) FROM states");
    run row(count);
    row.next();
    totals_.states = static_cast<std::uint64_t>(row.integer(0));
    totals_.live_codes = static_cast<std::uint64_t>(row.integer(1));
    committed_ = totals_;
}

void state_table::load(std::vector<flight::load>& loads) {
    rows_.clear();
    rows_.reserve(loads.size()); // keeps the blobs where they are
    for (auto& load : loads) {
        auto& kept = rows_[load.key];
        auto const key = load.key.bytes();
        run row(find_);
        if (!row.with({key.data(), key.size()}).next()) continue;
        kept.id = row.integer(0);
        kept.retained_until = time_in(row, 1);
        kept.due = time_in(row, 2);
        kept.live_codes = static_cast<std::uint32_t>(row.integer(3));
        kept.blob = row.bytes(4);
        load.blob = kept.blob;
    }
}

// --- changes ------------------------------------------------------------------------------------

bool state_table::prepare(commit& commit) {
    std::vector<char*> blobs(commit.shared.size(), nullptr);
    for (std::size_t n = 0; n < commit.shared.size(); ++n) {
        auto const& target = commit.shared[n];
        if (target.retained_until == store_time()) continue; // nothing is added to it
        auto& kept = rows_.at(target.key);
        if (!target.structure.empty()) kept.blob = restructured(target, kept.blob);
        if (kept.blob.empty()) throw sqlite_error(SQLITE_CORRUPT, "a state that was read is gone");
        blobs[n] = kept.blob.data();
    }
    make_additions(commit, blobs);
    bool has_changes = false;
    for (auto const& addition : commit.additions)
        if (!commit.failed[addition.group])
            rows_.at(commit.shared[addition.target].key).is_added_to = has_changes = true;
    return has_changes || std::ranges::any_of(commit.writes, [&](state_write const& write) {
               return write.type != state_write::kind::compare && !commit.failed[write.group];
           });
}

void state_table::begin() {
    changes_at_begin_ = database_.changes();
    run(begin_).finish();
}

bool state_table::end() {
    run(end_).finish();
    committed_ = totals_;
    return database_.changes() != changes_at_begin_;
}

void state_table::roll_back() noexcept {
    // Some failures have rolled back already. A failure to roll back shows at the next begin().
    if (database_.in_transaction())
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    totals_ = committed_;
}

void state_table::write(commit const& commit) {
    for (auto const& entry : commit.shared) {
        auto const& kept = rows_.at(entry.key);
        if (kept.is_added_to)
            put(entry.key, kept, kept.blob, std::max(kept.retained_until, entry.retained_until),
                {});
    }
    for (auto const& write : commit.writes) {
        if (write.type == state_write::kind::compare || commit.failed[write.group]) continue;
        auto const& before = rows_.at(write.key);
        if (write.type == state_write::kind::put)
            put(write.key, before, write.blob, write.retained_until, write.live);
        else if (before.id != 0)
            erase(before);
    }
}

/// Moves `due` only to an earlier time. Checking a state too early costs less than moving it in the
/// index with each step.
void state_table::put(state::state_key const& key, stored_row const& before, std::string_view blob,
                      store_time retained_until, state::live_codes live) {
    auto const due = std::min(live.next_end, retained_until);
    if (before.id == 0) {
        auto const in_file = key.bytes();
        run(insert_)
            .with({in_file.data(), in_file.size()})
            .with(blob)
            .with(in_column(retained_until))
            .with(in_column(due))
            .with(std::int64_t{live.count})
            .finish();
        ++totals_.states;
    } else {
        run(update_)
            .with(blob)
            .with(in_column(retained_until))
            .with(std::int64_t{live.count})
            .with(before.id)
            .finish();
        if (due < before.due) reschedule(before, due, live.count);
    }
    totals_.live_codes += live.count;
    totals_.live_codes -= before.live_codes;
}

void state_table::erase(stored_row const& what) {
    run(erase_).with(what.id).finish();
    --totals_.states;
    totals_.live_codes -= what.live_codes;
}

void state_table::reschedule(stored_row const& what, store_time due, std::uint32_t live_codes) {
    run(reschedule_).with(in_column(due)).with(std::int64_t{live_codes}).with(what.id).finish();
}

// --- the end of states --------------------------------------------------------------------------

state_table::slice state_table::sweep(store_time now, std::size_t states_max) {
    struct due_row : stored_row {
        state::live_codes live; ///< at present
    };
    std::vector<due_row> due; // the index must not change while it is read
    {
        run row(list_due_);
        row.with(in_column(now)).with(static_cast<std::int64_t>(states_max));
        while (row.next()) {
            auto& found = due.emplace_back();
            found.id = row.integer(0);
            found.retained_until = time_in(row, 1);
            found.live_codes = static_cast<std::uint32_t>(row.integer(3));
            if (found.live_codes > 0 && found.retained_until > now)
                found.live = state::live_codes_in(row.bytes(4), now);
        }
    }
    slice done;
    done.looked_at = due.size();
    for (auto const& entry : due) {
        if (entry.retained_until <= now) {
            erase(entry);
            ++done.deleted;
            continue;
        }
        reschedule(entry, std::min(entry.live.next_end, entry.retained_until), entry.live.count);
        totals_.live_codes += entry.live.count;
        totals_.live_codes -= entry.live_codes;
    }
    return done;
}

void state_table::try_to_write() {
    for (char const* some :
         {"INSERT INTO scratch VALUES (zeroblob(65536))", "DELETE FROM scratch"}) {
        begin();
        database_.execute(some);
        end();
    }
}

} // namespace otpd::store
