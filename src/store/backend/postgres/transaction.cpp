#include "backend/postgres/transaction.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace otpd::store::postgres {

namespace asio = boost::asio;

namespace {

/// The server's epoch: 2000-01-01.
constexpr store_time server_epoch{std::chrono::seconds(946'684'800)};

constexpr std::uint32_t oid_of_bytea = 17;
constexpr std::uint32_t oid_of_int8 = 20;
constexpr std::uint32_t oid_of_timestamptz = 1184;

/// Writes an array in PostgreSQL's binary format: dimensions, null flag, type, length and lower
/// bound, then each element after its length.
class array_writer {
public:
    array_writer(std::string& to, std::uint32_t type, std::size_t size) : to_(to) {
        to_.clear();
        for (auto const entry : {std::uint32_t{1}, std::uint32_t{0}, type,
                                 static_cast<std::uint32_t>(size), std::uint32_t{1}})
            whole(entry);
    }
    void number(std::int64_t value) {
        whole(std::uint32_t{sizeof value});
        whole(static_cast<std::uint64_t>(value));
    }
    void time(store_time at) { number((at - server_epoch).count()); }
    void bytes(std::string_view value) {
        whole(static_cast<std::uint32_t>(value.size()));
        to_ += value;
    }
    void key(state::state_key const& key) {
        auto const both = key.bytes();
        bytes({both.data(), both.size()});
    }

private:
    template <class Int>
    void whole(Int value) {
        to_ += to_binary(value);
    }

    std::string& to_;
};

bool precedes(state::state_key const& a, state::state_key const& b) noexcept {
    return std::tie(a.kind, a.hash) < std::tie(b.kind, b.hash);
}

} // namespace

// --- lock and load ------------------------------------------------------------------------------

asio::awaitable<transaction_end> transaction::load(flight& flight, steady_time deadline) {
    order_.clear();
    for (std::uint32_t n = 0; n < flight.loads.size(); ++n)
        order_.push_back({flight.loads[n].key, n, {}});
    std::ranges::sort(order_, precedes, &loaded::key);
    parameters_.resize(4);
    array_writer keys(parameters_[0], oid_of_bytea, order_.size());
    array_writer versions(parameters_[1], oid_of_int8, order_.size());
    for (auto const& entry : order_) {
        keys.key(entry.key);
        versions.number(static_cast<std::int64_t>(flight.loads[entry.place].known));
    }
    over_.ask_prepared("begin");
    over_.ask_prepared("lock", std::span(parameters_).first(2));
    auto const sent = std::chrono::steady_clock::now();
    auto const end = co_await over_.exchange(deadline);
    if (end == exchange_end::lost) co_return transaction_end::lost;
    constexpr std::string_view takes_no_writes = "25006";
    if (over_.code() == takes_no_writes) {
        over_.close(); // demoted; another server may accept writes
        co_return transaction_end::lost;
    }
    if (end == exchange_end::refused) co_return after_error();
    blobs_ = std::move(over_.answers().at(1));
    take_answer(flight, blobs_.get(), sent);
    co_return transaction_end::done;
}

void transaction::take_answer(flight& flight, PGresult const* answer, steady_time sent) {
    for (int n = 0; n < PQntuples(answer); ++n) {
        auto const place = number_in(answer, n, 0);
        auto const version = number_in(answer, n, 1);
        auto const time = server_epoch + counter_time(number_in(answer, n, 2));
        if (place == 0) {
            number_ = version;
            time_ = {sent, std::chrono::steady_clock::now(), time};
            continue;
        }
        auto& entry = order_.at(static_cast<std::size_t>(place - 1));
        auto& load = flight.loads[entry.place];
        entry.expires = time;
        load.is_unchanged = PQgetisnull(answer, n, 3) == 1;
        if (!load.is_unchanged) load.blob = bytes_in(answer, n, 3);
    }
}

/// Whether the transaction may succeed after a retry. This covers deadlocks and conflicts with
/// other clients, and a row that another batch has inserted meanwhile.
transaction_end transaction::after_error() const noexcept {
    for (auto const* code : {"40001", "40P01", "23505"})
        if (over_.code() == code) return transaction_end::again;
    return transaction_end::refused;
}

// --- put and commit -----------------------------------------------------------------------------

transaction::loaded const& transaction::find(state::state_key const& key) const {
    return *std::ranges::lower_bound(order_, key, precedes, &loaded::key);
}

/// Makes the additions here; the locks keep the loaded values unchanged.
void transaction::add_shared(flight& flight) {
    auto& changes = flight.changes;
    shared_blobs_.resize(std::max(shared_blobs_.size(), changes.shared.size()));
    std::vector<char*> targets(changes.shared.size(), nullptr);
    for (std::size_t n = 0; n < changes.shared.size(); ++n) {
        auto const& target = changes.shared[n];
        if (target.retained_until == store_time()) continue; // nothing is added to it
        auto const& was = find(target.key);
        auto const old = flight.loads[was.place].blob;
        bool const is_new = !target.structure.empty();
        auto& blob = shared_blobs_[n];
        blob = is_new ? restructured(target, old) : old;
        targets[n] = blob.data();
        (old.empty() ? inserts_ : updates_)
            .push_back({target.key, state::version_of(blob), blob,
                        std::max(was.expires, target.retained_until), is_new});
    }
    make_additions(changes, targets);
}

void transaction::add_writes(otpd::store::commit const& changes) {
    using kind = state_write::kind;
    for (auto const& write : changes.writes) {
        if (changes.failed[write.group] || write.type == kind::compare) continue;
        auto& to = write.type == kind::erase                 ? erased_
                   : write.expected == state::absent_version ? inserts_
                                                             : updates_;
        to.push_back(
            {write.key, state::version_of(write.blob), write.blob, write.retained_until, true});
    }
}

void transaction::ask_put(char const* statement, std::vector<row>& rows) {
    if (rows.empty()) return;
    array_writer keys(parameters_[0], oid_of_bytea, rows.size());
    array_writer versions(parameters_[1], oid_of_int8, rows.size());
    array_writer blobs(parameters_[2], oid_of_bytea, rows.size());
    array_writer ends(parameters_[3], oid_of_timestamptz, rows.size());
    for (auto const& row : rows) {
        keys.key(row.key);
        versions.number(static_cast<std::int64_t>(row.written));
        blobs.bytes(row.blob);
        ends.time(row.expires);
    }
    over_.ask_prepared(statement, parameters_);
}

asio::awaitable<transaction_end> transaction::commit(flight& flight, steady_time deadline) {
    updates_.clear();
    inserts_.clear();
    erased_.clear();
    add_shared(flight);
    add_writes(flight.changes);
    std::ranges::sort(inserts_, precedes, &row::key);
    ask_put("update", updates_);
    if (!erased_.empty()) {
        array_writer keys(parameters_[0], oid_of_bytea, erased_.size());
        for (auto const& entry : erased_)
            keys.key(entry.key);
        over_.ask_prepared("delete", std::span(parameters_).first(1));
    }
    ask_put("insert", inserts_);
    // A transaction without changes need not wait for a disk.
    bool const has_changed = !updates_.empty() || !inserts_.empty() || !erased_.empty();
    over_.ask_prepared(has_changed ? "commit" : "rollback");
    auto const end = co_await over_.exchange(deadline);
    if (!has_changed) co_return transaction_end::done;
    if (end == exchange_end::lost) co_return transaction_end::lost;
    if (end == exchange_end::refused) co_return after_error();
    // A transaction that had failed would be rolled back without an error.
    if (std::strcmp(PQcmdStatus(over_.answers().back().get()), "COMMIT") != 0)
        co_return transaction_end::refused;
    for (std::size_t n = 0; n < flight.changes.shared.size(); ++n)
        if (flight.changes.shared[n].retained_until != store_time())
            flight.changes.present.push_back({flight.changes.shared[n].key, shared_blobs_[n]});
    co_return transaction_end::done;
}

asio::awaitable<bool> transaction::roll_back(steady_time deadline) {
    if (!over_.is_open() || !over_.is_in_transaction()) co_return over_.is_open();
    over_.ask_prepared("rollback");
    auto const end = co_await over_.exchange(deadline);
    co_return end != exchange_end::lost;
}

// --- a lost answer ------------------------------------------------------------------------------

/// After a crash or a failover, the transaction's number may belong to another transaction. The
/// answer "not committed" is always true. The answer "committed" is true only if one of this
/// transaction's versions is there.
asio::awaitable<transaction_end> transaction::look_up(steady_time deadline) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    constexpr std::chrono::milliseconds pause_time{10};
    auto const status = "select pg_xact_status('" + std::to_string(number_) + "'::xid8)";
    std::erase_if(updates_, [](row const& update) { return !update.has_new_version; });
    updates_.insert(updates_.end(), inserts_.begin(), inserts_.end());
    for (;;) {
        array_writer keys(parameters_[0], oid_of_bytea, updates_.size());
        array_writer versions(parameters_[1], oid_of_int8, updates_.size());
        for (auto const& update : updates_) {
            keys.key(update.key);
            versions.number(static_cast<std::int64_t>(update.written));
        }
        over_.ask(status);
        over_.ask_prepared("written", std::span(parameters_).first(2));
        auto const end = co_await over_.exchange(deadline);
        if (end == exchange_end::lost) co_return transaction_end::lost;
        constexpr std::string_view in_the_future = "22023"; // this server never had it
        if (end == exchange_end::refused)
            co_return over_.code() == in_the_future ? transaction_end::again
                                                    : transaction_end::refused;
        auto const& answers = over_.answers();
        std::string_view const became = PQgetvalue(answers.at(0).get(), 0, 0);
        if (number_in(answers.at(1).get(), 0, 0) > 0) co_return transaction_end::done;
        if (became == "aborted") co_return transaction_end::again;
        if (became != "in progress" || std::chrono::steady_clock::now() >= deadline)
            co_return transaction_end::refused;
        pause.expires_after(pause_time);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

} // namespace otpd::store::postgres
