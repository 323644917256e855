#include "backend/sqlite/state_table.hpp"

#include "state/number_codec.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace otpd::store {

namespace {

using run = sqlite_statement::run;
using key_bytes = std::array<std::byte, 1 + sizeof(subject_key)>;

key_bytes in_column(state::state_key const& key) noexcept {
    key_bytes bytes;
    bytes[0] = static_cast<std::byte>(key.kind);
    std::ranges::copy(key.hash, bytes.begin() + 1);
    return bytes;
}
constexpr std::int64_t in_column(store_time at) noexcept {
    return at.time_since_epoch().count();
}
sqlite_statement::bytes in_column(std::string_view blob) noexcept {
    return std::as_bytes(std::span(blob));
}

store_time time_in(run const& row, int column) noexcept {
    return store_time(store_time::duration(row.integer(column)));
}
std::string_view blob_in(run const& row, int column) noexcept {
    auto const bytes = row.blob(column);
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

} // namespace

state_table::state_table(sqlite_database& database)
    : database_(database), begin_(database, "BEGIN IMMEDIATE"), end_(database, "COMMIT"),
      load_(database, "SELECT state FROM states WHERE key = ?"),
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

void state_table::load(std::vector<flight::load>& of) {
    loaded_.clear();
    std::vector<std::size_t> ends;
    ends.reserve(of.size());
    for (auto const& each : of) {
        auto const key = in_column(each.key);
        run row(load_);
        if (row.with(key).next()) loaded_ += blob_in(row, 0);
        ends.push_back(loaded_.size());
    }
    // The bytes stay where they are from here on.
    std::size_t at = 0;
    for (std::size_t n = 0; n < of.size(); at = ends[n++])
        of[n].blob = std::string_view(loaded_).substr(at, ends[n] - at);
}

// --- changes -------------------------------------------------------------------------------------

state_table::kept_row state_table::find(state::state_key const& key, std::string* blob) {
    auto const in_file = in_column(key);
    kept_row found;
    run row(find_);
    if (!row.with(in_file).next()) return found;
    found.id = row.integer(0);
    found.retained_until = time_in(row, 1);
    found.due = time_in(row, 2);
    found.live_codes = static_cast<std::uint32_t>(row.integer(3));
    if (blob != nullptr) *blob = blob_in(row, 4);
    return found;
}

bool state_table::prepare(commit& what) {
    shared_.assign(what.shared.size(), shared_row());
    blobs_.assign(what.shared.size(), nullptr);
    for (std::size_t n = 0; n < what.shared.size(); ++n) {
        auto const& target = what.shared[n];
        if (target.retained_until == store_time()) continue; // nothing is added to it
        auto& kept = shared_[n];
        static_cast<kept_row&>(kept) = find(target.key, &kept.blob);
        if (!target.structure.empty()) {
            std::string fresh(target.structure);
            take_sources(target, kept.blob, fresh.data());
            kept.blob = std::move(fresh);
        } else if (kept.id == 0) {
            throw sqlite_error(SQLITE_CORRUPT, "a state that was read is gone");
        }
        blobs_[n] = kept.blob.data();
    }
    make_additions(what, blobs_);
    bool has_changes = false;
    for (auto const& each : what.additions)
        if (!what.failed[each.group]) shared_[each.target].is_changed = has_changes = true;
    return has_changes || std::ranges::any_of(what.writes, [&](state_write const& each) {
               return each.what != state_write::kind::compare && !what.failed[each.group];
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
    // Some failures have rolled back already. One of rolling back shows at the next begin().
    if (database_.in_transaction())
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    totals_ = committed_;
}

void state_table::write(commit const& what) {
    for (std::size_t n = 0; n < what.shared.size(); ++n) {
        auto const& kept = shared_[n];
        auto const& target = what.shared[n];
        if (kept.is_changed)
            put(target.key, kept, kept.blob, std::max(kept.retained_until, target.retained_until),
                {});
    }
    for (auto const& each : what.writes) {
        if (each.what == state_write::kind::compare || what.failed[each.group]) continue;
        auto const before = find(each.key, nullptr);
        if (each.what == state_write::kind::put)
            put(each.key, before, each.blob, each.retained_until, each.live);
        else if (before.id != 0)
            erase(before);
    }
}

/// `due` moves to an earlier time only. What is looked at too early is looked at again, and that is
/// less than to move it in the index with each step.
void state_table::put(state::state_key const& key, kept_row const& before, std::string_view blob,
                      store_time retained_until, state::live_codes live) {
    auto const due = std::min(live.next_end, retained_until);
    if (before.id == 0) {
        auto const in_file = in_column(key);
        run(insert_)
            .with(in_file)
            .with(in_column(blob))
            .with(in_column(retained_until))
            .with(in_column(due))
            .with(std::int64_t{live.count})
            .finish();
        ++totals_.states;
    } else {
        run(update_)
            .with(in_column(blob))
            .with(in_column(retained_until))
            .with(std::int64_t{live.count})
            .with(before.id)
            .finish();
        if (due < before.due) reschedule(before, due, live.count);
    }
    totals_.live_codes += live.count;
    totals_.live_codes -= before.live_codes;
}

void state_table::erase(kept_row const& what) {
    run(erase_).with(what.id).finish();
    --totals_.states;
    totals_.live_codes -= what.live_codes;
}

void state_table::reschedule(kept_row const& what, store_time due, std::uint32_t live_codes) {
    run(reschedule_).with(in_column(due)).with(std::int64_t{live_codes}).with(what.id).finish();
}

// --- the end of states ---------------------------------------------------------------------------

state_table::slice state_table::sweep(store_time now, std::size_t states_max) {
    struct due_row : kept_row {
        state::live_codes live; ///< now
    };
    std::vector<due_row> due; // the index is not changed while it is read
    {
        run row(list_due_);
        row.with(in_column(now)).with(static_cast<std::int64_t>(states_max));
        while (row.next()) {
            auto& found = due.emplace_back();
            found.id = row.integer(0);
            found.retained_until = time_in(row, 1);
            found.live_codes = static_cast<std::uint32_t>(row.integer(3));
            if (found.live_codes > 0 && found.retained_until > now)
                found.live = state::live_codes_in(blob_in(row, 4), now);
        }
    }
    slice done;
    done.looked_at = due.size();
    for (auto const& each : due) {
        if (each.retained_until <= now) {
            erase(each);
            ++done.deleted;
            continue;
        }
        reschedule(each, std::min(each.live.next_end, each.retained_until), each.live.count);
        totals_.live_codes += each.live.count;
        totals_.live_codes -= each.live_codes;
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
