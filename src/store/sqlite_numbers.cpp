#include "sqlite_numbers.hpp"

#include <algorithm>
#include <cstring>

namespace otpd::store {

namespace {

using run = sqlite_statement::run;

/// What a row holds: the column `kind`.
enum class kind : std::uint8_t { code = 0, counter = 1, guesses = 2 };

constexpr std::int64_t in_column(kind what) noexcept {
    return static_cast<std::int64_t>(what);
}
constexpr std::int64_t in_column(store_time at) noexcept {
    return at.time_since_epoch().count();
}
store_time time_of(std::int64_t column) noexcept {
    return store_time(store_time::duration(column));
}
template <std::size_t Size>
void copy(sqlite_statement::bytes from, std::array<std::byte, Size>& to) {
    if (from.size() != Size) throw sqlite_error(SQLITE_CORRUPT, "a column has the wrong size");
    std::memcpy(to.data(), from.data(), Size);
}

/// The columns of load_.
namespace column {
enum { kind, name, expires, count, id, key_id, mac, route_id, order_id, bx_message_id, cost };
}

code_record read_code(run const& row) {
    code_record code;
    code.purpose = row.text(column::name);
    code.expires = time_of(row.integer(column::expires));
    code.attempts = static_cast<std::uint32_t>(row.integer(column::count));
    copy(row.blob(column::id), code.id);
    code.code.key_id = static_cast<std::uint32_t>(row.integer(column::key_id));
    copy(row.blob(column::mac), code.code.value);
    if (row.is_null(column::route_id)) return code;
    code.sent = std::make_unique<receipt>();
    code.sent->route_id = static_cast<int>(row.integer(column::route_id));
    code.sent->order_id = row.text(column::order_id);
    code.sent->bx_message_id = row.text(column::bx_message_id);
    if (!row.is_null(column::cost)) code.sent->cost = money::from_micros(row.integer(column::cost));
    return code;
}

/// A row as it was read: what the rules have changed or dropped is found by comparison.
struct image {
    kind what = kind::code;
    std::string name;
    store_time expires;
    std::uint32_t count = 0;
    verification_id id{};
    code_mac code;
    receipt const* sent = nullptr; ///< a new receipt is another object

    [[nodiscard]] bool shows(code_record const& now) const noexcept {
        return expires == now.expires && count == now.attempts && id == now.id &&
               code.key_id == now.code.key_id && code.value == now.code.value &&
               sent == now.sent.get();
    }
};

} // namespace

struct sqlite_numbers::loaded {
    number_state state;
    boost::container::small_vector<image, 3> rows;

    [[nodiscard]] image const* row(kind what, std::string_view name) const noexcept {
        auto const found = std::ranges::find_if(
            rows, [&](image const& each) { return each.what == what && each.name == name; });
        return found == rows.end() ? nullptr : &*found;
    }
    /// Whether what the row held is still there.
    [[nodiscard]] bool lives(image const& row) const noexcept {
        switch (row.what) {
        case kind::code:
            return std::ranges::find(state.codes, row.name, &code_record::purpose) !=
                   state.codes.end();
        case kind::counter:
            return std::ranges::find(state.counters, row.name, &counter::name) !=
                   state.counters.end();
        case kind::guesses:
            return state.guesses.count > 0;
        }
        return false;
    }
};

sqlite_numbers::sqlite_numbers(sqlite_database& database, std::size_t items_max)
    : database_(database), items_max_(items_max), begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      load_(database, "SELECT kind, name, expires, count, id, key_id, mac,"
                      " route_id, order_id, bx_message_id, cost FROM items WHERE number = ?"),
      put_code_(database, "REPLACE INTO items (number, kind, name, expires, count, id, key_id, mac,"
                          " route_id, order_id, bx_message_id, cost)"
                          " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      put_counter_(database, "REPLACE INTO items (number, kind, name, expires)"
                             " VALUES (?, 1, ?, ?)"),
      put_guesses_(database, "REPLACE INTO items (number, kind, name, expires, count)"
                             " VALUES (?, 2, '', ?, ?)"),
      remove_(database, "DELETE FROM items WHERE number = ? AND kind = ? AND name = ?"),
      sweep_(database, "DELETE FROM items WHERE (number, kind, name) IN"
                       " (SELECT number, kind, name FROM items INDEXED BY items_by_expiry"
                       " WHERE expires <= ? ORDER BY expires LIMIT ?) RETURNING kind"),
      set_latest_(database, "UPDATE clock SET latest = ?"),
      latest_(database, "SELECT latest FROM clock") {
    sqlite_statement count(database,
                           "SELECT count(*), count(*) FILTER (WHERE kind = 0) FROM items");
    run row(count);
    row.next();
    held_.items = static_cast<std::uint64_t>(row.integer(0));
    held_.codes = static_cast<std::uint64_t>(row.integer(1));
}

void sqlite_numbers::begin() {
    run(begin_).finish();
    committed_ = held_;
    changes_at_begin_ = database_.changes();
}

bool sqlite_numbers::commit(store_time now) {
    bool const wrote = database_.changes() != changes_at_begin_;
    if (wrote) touch(now);
    run(commit_).finish();
    return wrote;
}

void sqlite_numbers::roll_back() noexcept {
    held_ = committed_;
    // Some failures have rolled back already. One of rolling back shows at the next begin().
    if (database_.in_transaction())
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void sqlite_numbers::touch(store_time now) {
    run(set_latest_).with(in_column(now)).finish();
}

void sqlite_numbers::try_to_write(store_time now) {
    begin();
    database_.execute("INSERT INTO scratch VALUES (zeroblob(65536))");
    commit(now);
    begin();
    database_.execute("DELETE FROM scratch");
    commit(now);
}

store_time sqlite_numbers::latest() {
    run row(latest_);
    if (!row.next()) throw sqlite_error(SQLITE_CORRUPT, "the clock's row is missing");
    return time_of(row.integer(0));
}

/// Without anything that has expired; save() removes the rows of that.
sqlite_numbers::loaded sqlite_numbers::load(number_key const& number, store_time now) {
    loaded known;
    run row(load_);
    row.with(sqlite_statement::bytes(number));
    while (row.next()) {
        image read;
        read.what = static_cast<kind>(row.integer(column::kind));
        read.name = row.text(column::name);
        read.expires = time_of(row.integer(column::expires));
        switch (read.what) {
        case kind::code: {
            auto& code = known.state.codes.emplace_back(read_code(row));
            read.count = code.attempts;
            read.id = code.id;
            read.code = code.code;
            read.sent = code.sent.get();
            break;
        }
        case kind::counter:
            known.state.counters.push_back(counter{read.name, read.expires});
            break;
        case kind::guesses:
            read.count = static_cast<std::uint32_t>(row.integer(column::count));
            known.state.guesses = guess_tally{read.count, read.expires};
            break;
        }
        known.rows.push_back(std::move(read));
    }
    known.state.drop_expired(now);
    return known;
}

void sqlite_numbers::save(number_key const& number, loaded const& known) {
    sqlite_statement::bytes const key(number);
    auto const& state = known.state;
    std::uint64_t codes_before = 0;
    for (auto const& row : known.rows) {
        if (row.what == kind::code) ++codes_before;
        if (known.lives(row)) continue;
        run(remove_).with(key).with(in_column(row.what)).with(row.name).finish();
    }
    for (auto const& code : state.codes) {
        auto const* const row = known.row(kind::code, code.purpose);
        if (row == nullptr || !row->shows(code)) save_code(number, code);
    }
    for (auto const& each : state.counters) {
        auto const* const row = known.row(kind::counter, each.name);
        if (row == nullptr || row->expires != each.busy_until)
            run(put_counter_).with(key).with(each.name).with(in_column(each.busy_until)).finish();
    }
    if (auto const& guesses = state.guesses; guesses.count > 0) {
        auto const* const row = known.row(kind::guesses, "");
        if (row == nullptr || row->count != guesses.count || row->expires != guesses.expires)
            run(put_guesses_)
                .with(key)
                .with(in_column(guesses.expires))
                .with(std::int64_t{guesses.count})
                .finish();
    }
    held_.items += state.items() - known.rows.size();
    held_.codes += state.codes.size() - codes_before;
}

void sqlite_numbers::save_code(number_key const& number, code_record const& code) {
    run put(put_code_);
    put.with(sqlite_statement::bytes(number))
        .with(code.purpose)
        .with(in_column(code.expires))
        .with(std::int64_t{code.attempts})
        .with(sqlite_statement::bytes(code.id))
        .with(std::int64_t{code.code.key_id})
        .with(sqlite_statement::bytes(code.code.value));
    if (auto const& sent = code.sent) {
        std::optional<std::int64_t> cost;
        if (sent->cost) cost = sent->cost->micros();
        put.with(std::int64_t{sent->route_id})
            .with(sent->order_id)
            .with(sent->bx_message_id)
            .with(cost);
    }
    put.finish(); // parameters that were not given are NULL
}

admit_outcome sqlite_numbers::admit(admission& request, store_time now) {
    auto const number = request.key.number;
    auto known = load(number, now);
    if (auto broken = known.state.violations(request, now); !broken.empty())
        return refused{std::move(broken)};
    if (held_.items + known.state.room_for(request) > items_max_) return full{};
    known.state.apply(request, now);
    save(number, known);
    return admitted{};
}

settle_outcome sqlite_numbers::settle(settlement& request, store_time now) {
    auto known = load(request.key.number, now);
    auto const outcome = known.state.settle(request, now);
    save(request.key.number, known);
    return outcome;
}

check_outcome sqlite_numbers::check_code(check const& request, store_time now) {
    auto known = load(request.key.number, now);
    auto outcome = known.state.check_code(request, now);
    save(request.key.number, known);
    return outcome;
}

std::size_t sqlite_numbers::sweep(store_time now, std::size_t items_max) {
    std::size_t removed = 0;
    run row(sweep_);
    row.with(in_column(now)).with(static_cast<std::int64_t>(items_max));
    while (row.next()) {
        ++removed;
        --held_.items;
        if (static_cast<kind>(row.integer(0)) == kind::code) --held_.codes;
    }
    return removed;
}

} // namespace otpd::store
