#include "backend/postgres/postgres_backend.hpp"

#include "backend/postgres/sql.hpp"
#include "backend/postgres/target.hpp"
#include "backend/postgres/transaction.hpp"
#include "otpd/net/run_on.hpp"
#include "state/number_state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include <algorithm>
#include <random>

namespace otpd::store {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using postgres::connection;
using postgres::exchange_end;
using postgres::transaction_end;

namespace {

constexpr auto connect_timeout = 2s; ///< of one address
constexpr auto greeting_timeout = 4s;
/// A statement ends by the server's own limit; one whose answer does not come soon after that is
/// lost.
constexpr auto answer_grace = 250ms;
constexpr int loads_max = 3; ///< of one batch, when others are in its way
constexpr int oldest_server = 150'000;
/// Of instances that make their tables at the same time, all but one wait.
constexpr auto* lock_of_schema = "select pg_advisory_xact_lock(8317440112)";
constexpr double sampled_pages = 200; ///< some thousand rows
constexpr auto count_interval = 5s;

batch_options to_batch_options(postgres_options const& from) {
    batch_options options;
    options.queue_max = from.queue_max;
    options.flights_max = std::max<std::size_t>(1, from.connections);
    options.cached_max = from.cached_max;
    options.instance = std::random_device{}() % version_source::instances_max;
    return options;
}

} // namespace

struct postgres_backend::link {
    explicit link(net::strand const& strand) : over(strand), batch(over), pause(strand) {}

    connection over;
    postgres::transaction batch;
    flight* what = nullptr; ///< the batch that it carries
    flight_listener* to = nullptr;
    std::optional<steady_time> doubt_end; ///< the batch's commit was not answered
    retry_pause pause;
    bool is_ready = false;
    bool is_idle = false;
};

/// Something to do over any connection, in the frame of who waits for it.
struct postgres_backend::job {
    work what;
    asio::steady_timer woken;
    std::optional<bool> went_well;

    void end(bool well) {
        went_well = well;
        woken.cancel();
    }
};

postgres_backend::postgres_backend(asio::any_io_executor executor, postgres_options options,
                                   observer& observer)
    : batched_store(executor, *this, to_batch_options(options), options.timeout,
                    batching::yield_to_ready_handlers),
      options_(std::move(options)), observer_(observer), place_(options_.where.to_string()),
      clock_(observer), first_attempt_(guard()), sweep_timer_(guard()) {
    for (std::size_t n = 0; n < std::max<std::size_t>(1, options_.connections); ++n)
        links_.push_back(std::make_unique<link>(guard()));
}

postgres_backend::~postgres_backend() = default;

// --- what batches ask for -----------------------------------------------------------------------

void postgres_backend::load(flight& flight, flight_listener& to) {
    if (is_down_ || stopped_) {
        flight.changes.status = commit::outcome::not_executed;
        to.loaded(flight);
        return;
    }
    waiting_.emplace_back(&flight, &to);
    wake_one();
}

store_time postgres_backend::now() const noexcept {
    return clock_.at(std::chrono::steady_clock::now());
}

bool postgres_backend::has_room() const noexcept {
    return rows_ < options_.states_max;
}

void postgres_backend::wake_one() {
    auto const idle = std::ranges::find_if(links_, [](auto const& each) { return each->is_idle; });
    if (idle == links_.end()) return;
    (*idle)->is_idle = false;
    (*idle)->over.interrupt();
}

void postgres_backend::refuse_waiting() {
    for (auto const& each : std::exchange(jobs_, {}))
        each->end(false);
    for (auto const& [what, to] : std::exchange(waiting_, {})) {
        what->changes.status = commit::outcome::not_executed;
        to->loaded(*what);
    }
}

steady_time postgres_backend::statement_deadline() const noexcept {
    return std::chrono::steady_clock::now() + options_.timeout + answer_grace;
}

// --- a batch on its way -------------------------------------------------------------------------

/// False when the connection is lost.
asio::awaitable<bool> postgres_backend::carry(link& one) {
    std::tie(one.what, one.to) = waiting_.front();
    waiting_.pop_front();
    auto end = transaction_end::again;
    for (int tries = 0; end == transaction_end::again && tries < loads_max; ++tries) {
        end = co_await one.batch.load(*one.what, statement_deadline());
        if (end == transaction_end::done) break;
        bool const is_there = co_await one.batch.roll_back(statement_deadline());
        if (!is_there) end = transaction_end::lost;
    }
    if (end != transaction_end::done) {
        one.what->changes.status = commit::outcome::not_executed;
        std::exchange(one.to, nullptr)->loaded(*std::exchange(one.what, nullptr));
        co_return one.over.is_open();
    }
    auto const& time = one.batch.time();
    clock_.follow(time.sent, time.received, time.told);
    one.to->loaded(*one.what); // and commits
    end = co_await one.batch.commit(*one.what, statement_deadline());
    if (end == transaction_end::lost) {
        one.doubt_end = std::chrono::steady_clock::now() + options_.timeout;
        co_return false;
    }
    if (end == transaction_end::done) rows_ += one.batch.rows_made();
    co_await one.batch.roll_back(statement_deadline());
    answer(one, end);
    co_return one.over.is_open();
}

void postgres_backend::answer(link& one, transaction_end end) {
    auto& changes = one.what->changes;
    if (end == transaction_end::again) changes.failed.assign(changes.groups, true);
    if (end == transaction_end::refused) changes.status = commit::outcome::not_executed;
    if (end == transaction_end::lost) changes.status = commit::outcome::unknown;
    std::exchange(one.to, nullptr)->committed(*std::exchange(one.what, nullptr));
}

/// The next connection asks what became of the commit that the last one did not answer.
asio::awaitable<void> postgres_backend::settle_doubt(link& one) {
    if (!one.doubt_end) co_return;
    bool const is_late = stopped_ || std::chrono::steady_clock::now() >= *one.doubt_end;
    auto end = transaction_end::lost;
    if (one.over.is_open()) {
        end = co_await one.batch.look_up(statement_deadline());
        if (end == transaction_end::refused) // it cannot be known
            end = transaction_end::lost;
        else if (end == transaction_end::lost && !is_late)
            co_return;
    } else if (!is_late) {
        co_return;
    }
    one.doubt_end.reset();
    answer(one, end);
}

// --- a connection's life ------------------------------------------------------------------------

asio::awaitable<void> postgres_backend::run(link& one) {
    while (!stopped_) {
        bool const is_connected = co_await connect(one);
        if (is_connected)
            became_ready(one); // before steps run again, which come back to it
        else
            became_unusable();
        co_await settle_doubt(one);
        if (one.over.is_open()) {
            co_await serve(one);
            why_ = one.over.why();
            one.over.close();
        }
        if (std::exchange(one.is_ready, false)) --ready_;
        if (stopped_) break;
        co_await one.pause.wait(is_connected);
    }
    co_await settle_doubt(one);
    if (ready_ == 0) refuse_waiting();
    first_attempt_.end();
}

asio::awaitable<bool> postgres_backend::connect(link& one) {
    auto const servers = co_await postgres::find_servers(options_.where);
    why_ = "none of its names is known";
    bool is_lasting = false;
    for (auto const& each : servers) {
        if (stopped_) break;
        auto const deadline = std::chrono::steady_clock::now() + connect_timeout;
        bool const is_connected = co_await one.over.open(each, deadline);
        if (is_connected) {
            bool const is_usable = co_await greet(one.over);
            if (is_usable) co_return true;
            is_lasting =
                is_lasting || (one.over.is_open() && !postgres::is_passing(one.over.code()));
            one.over.close();
        } else {
            why_ = one.over.why();
            is_lasting = is_lasting || postgres::is_lasting(one.over.code());
        }
    }
    first_attempt_.end(is_lasting ? std::optional(place_ + ": " + why_) : std::nullopt);
    co_return false;
}

/// False, and why_, when the server said no or is gone.
asio::awaitable<bool> postgres_backend::is_answered(connection& connection, steady_time deadline) {
    auto const end = co_await connection.exchange(deadline);
    if (end != exchange_end::done) why_ = connection.why();
    co_return end == exchange_end::done;
}

/// False, and why_, when this server cannot be used.
asio::awaitable<bool> postgres_backend::greet(connection& connection) {
    if (connection.server_version_number() < oldest_server) {
        why_ = "PostgreSQL " + connection.server_version() + " is too old: at least 15 is needed";
        co_return false;
    }
    auto const deadline = std::chrono::steady_clock::now() + greeting_timeout;
    connection.ask(postgres::settings_statement(options_.timeout.count()));
    bool is_good = co_await is_answered(connection, deadline);
    if (is_good) is_good = co_await find_tables(connection, deadline);
    if (!is_good) co_return false;
    for (auto const& each : postgres::prepared_statements(options_.schema))
        connection.prepare(each.name, each.sql);
    connection.ask("select pg_postmaster_start_time()"); // no two servers have the same
    is_good = co_await is_answered(connection, deadline);
    if (!is_good) co_return false;
    auto const started = postgres::number_in(connection.answers().back().get());
    if (std::exchange(server_started_, started) != started) steps().expect_lost_writes();
    co_return true;
}

asio::awaitable<bool> postgres_backend::find_tables(connection& connection, steady_time deadline) {
    std::string look = "select max(version)::bigint";
    for (auto const* const right : {"select", "insert", "update", "delete"})
        look.append(*right == 's' ? ", " : " and ")
            .append("has_table_privilege('" + options_.schema + ".subject', '" + right + "')");
    look += " from " + options_.schema + ".schema_version";
    connection.ask(look);
    bool is_found = co_await is_answered(connection, deadline);
    if (connection.code() == "42P01" || connection.code() == "3F000") { // they are missing
        bool const is_made = co_await make_tables(connection, deadline);
        if (!is_made) co_return false;
        connection.ask(look);
        is_found = co_await is_answered(connection, deadline);
    }
    if (!is_found) co_return false;
    auto const* const found = connection.answers().front().get();
    auto const version = PQgetisnull(found, 0, 0) == 1 ? 0 : postgres::number_in(found);
    bool const is_known = version == postgres::schema_version;
    bool const may_write = *PQgetvalue(found, 0, 1) != 0;
    if (!is_known)
        why_ = "its tables in the schema " + options_.schema + " are of version " +
               std::to_string(version) + ", which this otpd does not know";
    else if (!may_write)
        why_ = "this user may not select, insert, update and delete in " + options_.schema +
               ".subject: grant it, as otpd --print-schema does";
    co_return is_known&& may_write;
}

asio::awaitable<bool> postgres_backend::make_tables(connection& connection, steady_time deadline) {
    connection.ask(lock_of_schema);
    for (auto const& each : postgres::schema_statements(options_.schema))
        connection.ask(each);
    bool const is_made = co_await is_answered(connection, deadline);
    if (!is_made && connection.is_open())
        why_ = "its tables are missing, and this user may not make them (" + connection.why() +
               "): have somebody run what otpd --print-schema prints";
    co_return is_made;
}

/// Until the connection is lost, or the store is stopped.
asio::awaitable<void> postgres_backend::serve(link& one) {
    for (bool is_there = true; is_there;) {
        if (!waiting_.empty()) {
            is_there = co_await carry(one);
        } else if (!jobs_.empty()) {
            is_there = co_await do_next_job(one);
        } else if (stopped_) {
            co_return;
        } else {
            one.is_idle = true;
            is_there = co_await one.over.wait_idle();
            one.is_idle = false;
        }
    }
}

void postgres_backend::became_ready(link& one) {
    one.is_ready = true;
    ++ready_;
    if (!has_been_ready_ || is_down_)
        observer_.ready("PostgreSQL " + one.over.server_version() + " at " + place_);
    has_been_ready_ = true;
    is_down_ = false;
    first_attempt_.end();
}

/// No server could be used. Told once, and not again for each attempt.
void postgres_backend::became_unusable() {
    if (ready_ > 0) return;
    bool const was_down = std::exchange(is_down_, true);
    refuse_waiting();
    if (!stopped_ && !was_down) observer_.lost(place_ + ": " + why_);
}

asio::awaitable<std::optional<std::string>> postgres_backend::start() {
    if (!is_postgres_schema(options_.schema))
        co_return "the schema \"" + options_.schema +
            "\" is no name of small letters, digits and _, of at most 63";
    for (auto& each : links_)
        asio::co_spawn(guard(), run(*each), reports_failure(observer_));
    asio::co_spawn(guard(), sweep_until_stopped(), reports_failure(observer_));
    co_return co_await net::run_on(guard(), first_attempt_.wait());
}

void postgres_backend::stop() {
    asio::dispatch(guard(), [this] {
        stopped_ = true;
        sweep_timer_.cancel();
        for (auto& each : links_) {
            each->pause.cancel();
            if (each->is_idle || !each->is_ready) each->over.interrupt();
        }
    });
}

// --- beside the batches -------------------------------------------------------------------------

/// On the strand. False when there is no connection, or it was lost, or the server refused.
asio::awaitable<bool> postgres_backend::run_job(work work) {
    if (is_down_ || stopped_) co_return false;
    job mine{std::move(work), asio::steady_timer(guard(), steady_time::max()), {}};
    jobs_.push_back(&mine);
    wake_one();
    while (!mine.went_well)
        co_await mine.woken.async_wait(no_throw);
    co_return *mine.went_well;
}

asio::awaitable<bool> postgres_backend::do_next_job(link& one) {
    auto& next = *jobs_.front();
    jobs_.pop_front();
    bool const went_well = co_await next.what(one.over);
    next.end(went_well);
    co_return one.over.is_open();
}

asio::awaitable<result<std::monostate>> postgres_backend::ping() {
    auto ask = [this](connection& connection) -> asio::awaitable<bool> {
        connection.ask("select pg_is_in_recovery()");
        auto const end = co_await connection.exchange(statement_deadline());
        co_return end == exchange_end::done &&
            *PQgetvalue(connection.answers().front().get(), 0, 0) == 0;
    };
    auto asked = run_job(ask);
    bool const answers = co_await net::run_on(guard(), std::move(asked));
    if (answers) co_return std::monostate{};
    co_return fault::not_executed;
}

/// Of a sample of the pages.
asio::awaitable<bool> postgres_backend::count_rows(connection& connection,
                                                   std::uint64_t& live_codes) {
    connection.ask_prepared("pages");
    auto end = co_await connection.exchange(statement_deadline());
    if (end != exchange_end::done) co_return false;
    auto const pages = static_cast<double>(postgres::number_in(connection.answers().front().get()));
    double const part = std::min(1.0, sampled_pages / std::max(1.0, pages));
    connection.ask("select key, state from " + options_.schema + ".subject tablesample system (" +
                   std::to_string(100 * part) + ")");
    end = co_await connection.exchange(statement_deadline());
    if (end != exchange_end::done) co_return false;
    auto const* const rows = connection.answers().front().get();
    std::uint64_t live = 0;
    for (int row = 0; row < PQntuples(rows); ++row)
        if (*PQgetvalue(rows, row, 0) == static_cast<char>(state::key_kind::number))
            live += state::live_codes_in(postgres::bytes_in(rows, row, 1), now()).count;
    rows_ = static_cast<std::uint64_t>(PQntuples(rows) / part);
    live_codes = static_cast<std::uint64_t>(static_cast<double>(live) / part);
    counted_ = std::chrono::steady_clock::now();
    co_return true;
}

asio::awaitable<result<std::uint64_t>> postgres_backend::live_codes() {
    std::uint64_t found = 0;
    auto count = [this, &found](connection& connection) { return count_rows(connection, found); };
    auto counting = run_job(count);
    bool const is_counted = co_await net::run_on(guard(), std::move(counting));
    if (is_counted) co_return found;
    co_return fault::not_executed;
}

/// Around the table, from where it was left. Instances sweep beside each other: a row that one of
/// them deletes is passed over by the others.
asio::awaitable<bool> postgres_backend::sweep_slice(connection& connection) {
    auto const began = std::chrono::steady_clock::now();
    std::string const pages[] = {postgres::to_binary(next_page_),
                                 postgres::to_binary(next_page_ + options_.sweep_pages)};
    connection.ask_prepared("sweep", pages);
    connection.ask_prepared("pages");
    auto const end = co_await connection.exchange(statement_deadline());
    if (end != exchange_end::done) co_return false;
    next_page_ += options_.sweep_pages;
    if (next_page_ >= postgres::number_in(connection.answers().at(1).get())) next_page_ = 0;
    std::size_t const removed =
        std::strtoull(PQcmdTuples(connection.answers().front().get()), nullptr, 10);
    if (removed > 0) observer_.swept({removed, std::chrono::steady_clock::now() - began});
    co_return true;
}

asio::awaitable<void> postgres_backend::sweep_until_stopped() {
    while (!stopped_) {
        sweep_timer_.expires_after(options_.sweep_interval);
        co_await sweep_timer_.async_wait(no_throw);
        if (stopped_) break;
        auto slice = [this](connection& connection) { return sweep_slice(connection); };
        co_await run_job(slice);
        std::uint64_t live_codes = 0;
        auto count = [&](connection& connection) { return count_rows(connection, live_codes); };
        if (std::chrono::steady_clock::now() - counted_ >= count_interval) co_await run_job(count);
    }
}

std::unique_ptr<backend> make_postgres_store(asio::any_io_executor executor,
                                             postgres_options options, observer& observer) {
    return std::make_unique<postgres_backend>(std::move(executor), std::move(options), observer);
}

} // namespace otpd::store
