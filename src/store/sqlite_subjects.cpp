#include "sqlite_subjects.hpp"

#include <algorithm>

namespace otpd::store {

namespace {

using run = sqlite_statement::run;

constexpr std::int64_t in_column(item_kind what) noexcept {
    return static_cast<std::int64_t>(what);
}
constexpr std::int64_t in_column(store_time at) noexcept {
    return at.time_since_epoch().count();
}
store_time time_of(std::int64_t column) noexcept {
    return store_time(store_time::duration(column));
}

bool same_place(stored_item const& a, stored_item const& b) noexcept {
    return a.kind == b.kind && a.name == b.name;
}

} // namespace

sqlite_subjects::sqlite_subjects(sqlite_database& database, std::size_t items_max)
    : database_(database), items_max_(items_max), begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      load_(database, "SELECT kind, name, expires, data FROM items WHERE subject = ?"),
      put_(database, "REPLACE INTO items (subject, kind, name, expires, data)"
                     " VALUES (?, ?, ?, ?, ?)"),
      remove_(database, "DELETE FROM items WHERE subject = ? AND kind = ? AND name = ?"),
      sweep_(database, "DELETE FROM items WHERE (subject, kind, name) IN"
                       " (SELECT subject, kind, name FROM items INDEXED BY items_by_expiry"
                       " WHERE expires <= ? ORDER BY expires LIMIT ?) RETURNING kind"),
      set_latest_(database, "UPDATE clock SET latest = ?"),
      latest_(database, "SELECT latest FROM clock") {
    sqlite_statement count(database, "SELECT count(*) FILTER (WHERE kind <> 0),"
                                     " count(*) FILTER (WHERE kind = 0) FROM items");
    run row(count);
    row.next();
    held_.items = static_cast<std::uint64_t>(row.integer(0));
    held_.codes = static_cast<std::uint64_t>(row.integer(1));
}

void sqlite_subjects::begin() {
    loaded_.clear();
    run(begin_).finish();
    committed_ = held_;
    changes_at_begin_ = database_.changes();
}

bool sqlite_subjects::commit(store_time now) {
    write_changes();
    bool const wrote = database_.changes() != changes_at_begin_;
    if (wrote) touch(now);
    run(commit_).finish();
    return wrote;
}

void sqlite_subjects::roll_back() noexcept {
    loaded_.clear();
    held_ = committed_;
    // Some failures have rolled back already. One of rolling back shows at the next begin().
    if (database_.in_transaction())
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void sqlite_subjects::touch(store_time now) {
    run(set_latest_).with(in_column(now)).finish();
}

void sqlite_subjects::try_to_write(store_time now) {
    begin();
    database_.execute("INSERT INTO scratch VALUES (zeroblob(65536))");
    commit(now);
    begin();
    database_.execute("DELETE FROM scratch");
    commit(now);
}

store_time sqlite_subjects::latest() {
    run row(latest_);
    if (!row.next()) throw sqlite_error(SQLITE_CORRUPT, "the clock's row is missing");
    return time_of(row.integer(0));
}

sqlite_subjects::loaded& sqlite_subjects::load(subject_key const& at) {
    auto const [found, fresh] = loaded_.try_emplace(at);
    auto& known = found->second;
    if (fresh) {
        run row(load_);
        row.with(sqlite_statement::bytes(at));
        while (row.next())
            known.rows.push_back(stored_item{static_cast<item_kind>(row.integer(0)),
                                             std::string(row.text(1)), time_of(row.integer(2)),
                                             std::string(row.text(3))});
        known.state = decode(known.rows);
        known.counted.codes = static_cast<std::uint64_t>(
            std::ranges::count(known.rows, item_kind::code, &stored_item::kind));
        known.counted.items = known.rows.size() - known.counted.codes;
    }
    // The rows of that go with the next change, or with the sweeper.
    known.state.drop_expired(now_);
    return known;
}

subject_state const& sqlite_subjects::look(subject_key const& at) {
    return load(at).state;
}

void sqlite_subjects::change(subject_key const& at,
                             boost::compat::function_ref<void(subject_state&)> with) {
    auto& known = load(at);
    known.changed = true;
    with(known.state);
    totals const now{known.state.codes(), known.state.items()};
    held_.codes += now.codes - known.counted.codes;
    held_.items += now.items - known.counted.items;
    known.counted = now;
}

/// Only what is not in the file as it is now.
void sqlite_subjects::save(subject_key const& at, loaded const& known) {
    sqlite_statement::bytes const key(at);
    auto const now = encode(known.state);
    for (auto const& row : known.rows)
        if (std::ranges::none_of(now, [&](auto const& each) { return same_place(each, row); }))
            run(remove_).with(key).with(in_column(row.kind)).with(row.name).finish();
    for (auto const& each : now)
        if (std::ranges::find(known.rows, each) == known.rows.end())
            run(put_)
                .with(key)
                .with(in_column(each.kind))
                .with(each.name)
                .with(in_column(each.expires))
                .with(each.data)
                .finish();
}

void sqlite_subjects::write_changes() {
    for (auto const& [at, known] : loaded_)
        if (known.changed) save(at, known);
    loaded_.clear();
}

std::size_t sqlite_subjects::sweep(store_time now, std::size_t rows_max) {
    write_changes();
    std::size_t removed = 0;
    run row(sweep_);
    row.with(in_column(now)).with(static_cast<std::int64_t>(rows_max));
    while (row.next()) {
        ++removed;
        if (static_cast<item_kind>(row.integer(0)) == item_kind::code)
            --held_.codes;
        else
            --held_.items;
    }
    return removed;
}

} // namespace otpd::store
