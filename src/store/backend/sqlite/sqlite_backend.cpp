#include "backend/sqlite/sqlite_backend.hpp"

#include "backend/sqlite/sqlite_file.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

namespace otpd::store {

namespace asio = boost::asio;

using outcome = commit::outcome;

sqlite_backend::sqlite_backend(asio::any_io_executor const& executor, clock const& now,
                               sqlite_options options, observer& observer)
    : batched_store(executor, *this,
                    batch_options{.queue_max = options.queue_max, .steps_max = options.batch_max},
                    options.timeout, batching::yield_to_ready_handlers),
      options_(std::move(options)), clock_(now), observer_(observer) {}

sqlite_backend::~sqlite_backend() {
    stop();
    // A loaded batch is not committed any more, because nobody runs its rules.
    asio::post(context_, [this] { close(); });
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

asio::awaitable<result<std::uint64_t>> sqlite_backend::live_codes() {
    if (!is_serving_) co_return fault::not_executed;
    co_return usage().codes;
}

/// Runs a step that finds nothing, so the ping waits as long as any other step.
asio::awaitable<result<std::monostate>> sqlite_backend::ping() {
    verification_address const nobody{};
    auto const found = co_await find(nobody);
    if (found.has_error()) co_return found.error();
    co_return std::monostate{};
}

asio::awaitable<std::optional<std::string>> sqlite_backend::start() {
    if (is_stopping_) co_return "the store was stopped before it was started";
    start_thread();
    auto open_file = [this] { return open(); };
    co_return co_await net::on_strand(file_guard_, open_file);
}

void sqlite_backend::stop() {
    if (is_stopping_.exchange(true)) return;
    asio::post(context_, [this] {
        if (!is_lent_) close();
    });
}

sqlite_usage sqlite_backend::usage() const noexcept {
    return {.codes = codes_, .states = states_, .commits = commits_};
}

std::string sqlite_backend::name() const {
    return std::string("SQLite ") + sqlite3_libversion() + " at sqlite:" + options_.path;
}

/// Blocks signals on this thread: none interrupts an fsync, and a write beyond the file size limit
/// is an error instead of a crash (SIGXFSZ).
void sqlite_backend::start_thread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { serve(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// --- batches, on the strand ---------------------------------------------------------------------

void sqlite_backend::load(flight& flight, flight_listener& to) {
    if (!is_serving_ || is_stopping_) {
        flight.changes.status = outcome::not_executed;
        to.loaded(flight);
        return;
    }
    asio::post(context_, [this, &flight, &to] {
        load_on_thread(flight);
        answer_on_strand([&flight, &to] { to.loaded(flight); });
    });
}

void sqlite_backend::commit(flight& flight, flight_listener& to) {
    asio::post(context_, [this, &flight, &to] {
        commit_on_thread(flight);
        answer_on_strand([&flight, &to] { to.committed(flight); });
    });
}

template <class Answer>
void sqlite_backend::answer_on_strand(Answer answer) {
    asio::post(guard(), [is_alive = std::weak_ptr(is_alive_), answer] {
        if (!is_alive.expired()) answer();
    });
}

room sqlite_backend::room_left() const noexcept {
    return room_of(states_, options_.states_max);
}

// --- on the store's thread ----------------------------------------------------------------------

void sqlite_backend::serve() {
    for (;;) {
        try {
            context_.run();
            return;
        } catch (...) {
            observer_.failed(std::current_exception());
        }
    }
}

std::optional<std::string> sqlite_backend::open() {
    auto opened = open_sqlite_file(options_.path, options_.cache_bytes);
    if (auto* why = std::get_if<std::string>(&opened)) return std::move(*why);
    database_ = std::get<std::unique_ptr<sqlite_database>>(std::move(opened));
    try {
        table_.emplace(*database_);
    } catch (sqlite_error const& why) {
        close();
        return options_.path + " cannot be used: " + why.what();
    }
    publish();
    is_serving_ = true;
    observer_.ready(name());
    arm_timer();
    return std::nullopt;
}

void sqlite_backend::load_on_thread(flight& flight) {
    flight.changes.status = outcome::not_executed;
    if (!is_serving_) return;
    try {
        table_->load(flight.loads);
        flight.changes.status = outcome::done;
        is_lent_ = true;
    } catch (...) {
        lose_to_exception();
    }
}

void sqlite_backend::commit_on_thread(flight& flight) {
    is_lent_ = false;
    flight.changes.status = transact(&flight.changes);
    if (is_stopping_) close();
}

/// Writes a batch's changes, if there are any, and sweeps a slice if one is due. Both share the
/// commit.
outcome sqlite_backend::transact(otpd::store::commit* changes) {
    bool is_ending = false;
    try {
        bool const has_changes = changes != nullptr && table_->prepare(*changes);
        if (!has_changes && !sweep_due_) return outcome::done;
        table_->begin();
        if (has_changes) table_->write(*changes);
        sweep_slice swept;
        if (sweep_due_) swept = sweep();
        is_ending = true;
        if (table_->end()) ++commits_;
        publish();
        if (swept.removed > 0) observer_.swept(swept);
        return outcome::done;
    } catch (...) {
        auto const became =
            is_ending && !is_surely_undone() ? outcome::unknown : outcome::not_executed;
        lose_to_exception();
        return became;
    }
}

/// Whether a failed COMMIT has certainly not happened. True if its last page was not written
/// completely, or if it was rolled back. False after a failed fsync: a recovery after a crash may
/// find the transaction.
bool sqlite_backend::is_surely_undone() const noexcept {
    auto const code = sqlite3_extended_errcode(database_->get());
    return code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_IOERR_WRITE;
}

/// Handles the current exception.
void sqlite_backend::lose_to_exception() {
    try {
        throw;
    } catch (sqlite_error const& why) {
        lose(why.what());
    } catch (...) {
        observer_.failed(std::current_exception());
        lose("a batch failed");
    }
}

void sqlite_backend::lose(std::string_view why) {
    table_->roll_back();
    publish();
    if (std::exchange(sweep_due_, false)) arm_timer();
    if (is_serving_.exchange(false))
        observer_.lost("sqlite:" + options_.path + ": " + std::string(why));
}

// --- the sweeper --------------------------------------------------------------------------------

sweep_slice sqlite_backend::sweep() {
    auto const began = std::chrono::steady_clock::now();
    auto const states_max = std::max<std::size_t>(1, options_.sweep_batch);
    auto const done = table_->sweep(now(), states_max);
    sweep_due_ = done.looked_at == states_max;
    // The next slice queues behind the work that waits now.
    if (sweep_due_)
        asio::post(context_, [this] { sweep_when_idle(); });
    else
        arm_timer();
    return sweep_slice{done.deleted, std::chrono::steady_clock::now() - began};
}

/// Otherwise the commit of the batch in flight sweeps.
void sqlite_backend::sweep_when_idle() {
    if (is_serving_ && sweep_due_ && !is_lent_) static_cast<void>(transact(nullptr));
}

void sqlite_backend::arm_timer() {
    timer_.expires_after(options_.sweep_interval);
    timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped || !database_) return;
        if (!is_serving_) return try_again();
        sweep_due_ = true;
        sweep_when_idle();
    });
}

void sqlite_backend::try_again() {
    try {
        table_->try_to_write();
        is_serving_ = true;
        observer_.ready(name());
    } catch (sqlite_error const&) {
        table_->roll_back(); // the file is still unusable, and that was reported already
    }
    arm_timer();
}

void sqlite_backend::publish() noexcept {
    states_ = table_ ? table_->states() : 0;
    codes_ = table_ ? table_->live_codes() : 0;
}

/// Closing the last connection checkpoints the log into the file. If that fails, the next start
/// does it.
void sqlite_backend::close() noexcept {
    is_serving_ = false;
    timer_.cancel();
    table_.reset();
    database_.reset();
    publish();
}

std::unique_ptr<backend> make_sqlite_store(asio::any_io_executor executor, clock const& now,
                                           sqlite_options options, observer& observer) {
    return std::make_unique<sqlite_backend>(executor, now, std::move(options), observer);
}

} // namespace otpd::store
