#include "backend/postgres/postgres_backend.hpp"

#include "backend/postgres/batch_runner.hpp"
#include "backend/postgres/greeting.hpp"
#include "backend/postgres/target.hpp"
#include "otpd/net/run_on.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include <algorithm>
#include <random>

namespace otpd::store {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using postgres::connection;
using postgres::exchange_end;

namespace {

constexpr auto connect_timeout = 2s; ///< per address

batch_options to_batch_options(postgres_options const& settings) {
    batch_options options;
    options.queue_max = settings.queue_max;
    options.flights_max = std::max<std::size_t>(1, settings.connections);
    options.cached_max = settings.cached_max;
    options.instance = std::random_device{}() % version_source::instances_max;
    return options;
}

} // namespace

struct postgres_backend::link {
    explicit link(postgres_backend& store)
        : connection(store.guard()),
          batches(connection, store.clock_, store.upkeep_, store.options_.timeout),
          pause(store.guard()) {}

    postgres::connection connection;
    postgres::batch_runner batches;
    retry_pause pause;
    bool is_ready = false;
    bool is_idle = false;
};

postgres_backend::postgres_backend(asio::any_io_executor executor, postgres_options options,
                                   observer& observer)
    : batched_store(executor, *this, to_batch_options(options), options.timeout,
                    batching::yield_to_ready_handlers),
      options_(std::move(options)), observer_(observer), place_(options_.where.to_string()),
      clock_(observer), upkeep_(options_, observer), first_attempt_(guard()),
      sweep_timer_(guard()) {
    for (std::size_t n = 0; n < std::max<std::size_t>(1, options_.connections); ++n)
        links_.push_back(std::make_unique<link>(*this));
}

postgres_backend::~postgres_backend() = default;

// --- what batches ask for -----------------------------------------------------------------------

void postgres_backend::load(flight& flight, flight_listener& listener) {
    if (is_down_ || stopped_) {
        flight.changes.status = commit::outcome::not_executed;
        listener.loaded(flight);
        return;
    }
    waiting_.emplace_back(&flight, &listener);
    wake_one();
}

store_time postgres_backend::now() const noexcept {
    return clock_.at(std::chrono::steady_clock::now());
}

room postgres_backend::room_left() const noexcept {
    return room_of(upkeep_.rows(), options_.states_max);
}

void postgres_backend::wake_one() {
    auto const idle = std::ranges::find_if(links_, [](auto const& one) { return one->is_idle; });
    if (idle == links_.end()) return;
    (*idle)->is_idle = false;
    (*idle)->connection.interrupt();
}

void postgres_backend::refuse_waiting() {
    jobs_.refuse_all();
    for (auto const& [batch, listener] : std::exchange(waiting_, {})) {
        batch->changes.status = commit::outcome::not_executed;
        listener->loaded(*batch);
    }
}

// --- a connection's life ------------------------------------------------------------------------

asio::awaitable<void> postgres_backend::run(link& one) {
    while (!stopped_) {
        bool const is_connected = co_await connect(one);
        if (is_connected)
            became_ready(one); // before steps run again, which come back to it
        else
            became_unusable();
        co_await one.batches.settle_doubt(stopped_);
        if (one.connection.is_open()) {
            co_await serve(one);
            why_ = one.connection.why();
            one.connection.close();
        }
        if (std::exchange(one.is_ready, false)) --ready_;
        if (stopped_) break;
        co_await one.pause.wait(is_connected);
    }
    co_await one.batches.settle_doubt(stopped_);
    if (ready_ == 0) refuse_waiting();
    first_attempt_.end();
}

asio::awaitable<bool> postgres_backend::connect(link& one) {
    auto const servers = co_await postgres::find_servers(options_.where);
    why_ = "none of its names is known";
    bool is_lasting = false;
    for (auto const& server : servers) {
        if (stopped_) break;
        auto const deadline = std::chrono::steady_clock::now() + connect_timeout;
        bool const is_connected = co_await one.connection.open(server, deadline);
        if (!is_connected) {
            why_ = one.connection.why();
            is_lasting = is_lasting || postgres::is_lasting(one.connection.code());
            continue;
        }
        postgres::greeting greeting(options_.schema, options_.timeout);
        bool const is_usable = co_await greeting.run(one.connection);
        if (is_usable) {
            auto const started = greeting.server_started();
            if (std::exchange(server_started_, started) != started) steps().expect_lost_writes();
            co_return true;
        }
        why_ = greeting.why();
        is_lasting = is_lasting ||
                     (one.connection.is_open() && !postgres::is_passing(one.connection.code()));
        one.connection.close();
    }
    first_attempt_.end(is_lasting ? std::optional(place_ + ": " + why_) : std::nullopt);
    co_return false;
}

/// Runs until the connection is lost or the store is stopped.
asio::awaitable<void> postgres_backend::serve(link& one) {
    for (bool is_there = true; is_there;) {
        if (!waiting_.empty()) {
            auto const next = waiting_.front();
            waiting_.pop_front();
            is_there = co_await one.batches.run(*next.first, *next.second);
        } else if (!jobs_.empty()) {
            is_there = co_await jobs_.do_next(one.connection);
        } else if (stopped_) {
            co_return;
        } else {
            one.is_idle = true;
            is_there = co_await one.connection.wait_idle();
            one.is_idle = false;
        }
    }
}

void postgres_backend::became_ready(link& one) {
    one.is_ready = true;
    ++ready_;
    if (!has_been_ready_ || is_down_)
        observer_.ready("PostgreSQL " + one.connection.server_version() + " at " + place_);
    has_been_ready_ = true;
    is_down_ = false;
    first_attempt_.end();
}

/// No server is usable. Reported once, not for each attempt.
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
    for (auto& one : links_)
        asio::co_spawn(guard(), run(*one), reports_failure(observer_));
    asio::co_spawn(guard(), sweep_until_stopped(), reports_failure(observer_));
    co_return co_await net::run_on(guard(), first_attempt_.wait());
}

void postgres_backend::stop() {
    asio::dispatch(guard(), [this] {
        stopped_ = true;
        sweep_timer_.cancel();
        for (auto& one : links_) {
            one->pause.cancel();
            if (one->is_idle || !one->is_ready) one->connection.interrupt();
        }
    });
}

// --- beside the batches -------------------------------------------------------------------------

/// Runs on the strand. Returns false if there is no connection, or it was lost, or the server
/// refused the job.
asio::awaitable<bool> postgres_backend::run_job(postgres::job_queue::job job) {
    if (is_down_ || stopped_) co_return false;
    wake_one(); // which runs once this coroutine waits
    co_return co_await jobs_.run(guard(), std::move(job));
}

asio::awaitable<result<std::monostate>> postgres_backend::ping() {
    auto ask = [this](connection& connection) -> asio::awaitable<bool> {
        connection.ask("select pg_is_in_recovery()");
        auto const end =
            co_await connection.exchange(postgres::statement_deadline(options_.timeout));
        co_return end == exchange_end::done &&
            *PQgetvalue(connection.answers().front().get(), 0, 0) == 0;
    };
    auto asked = run_job(ask);
    bool const answers = co_await net::run_on(guard(), std::move(asked));
    if (answers) co_return std::monostate{};
    co_return fault::not_executed;
}

asio::awaitable<result<std::uint64_t>> postgres_backend::live_codes() {
    std::uint64_t found = 0;
    auto count = [this, &found](connection& connection) {
        return upkeep_.count_rows(connection, now(), found);
    };
    auto counting = run_job(count);
    bool const is_counted = co_await net::run_on(guard(), std::move(counting));
    if (is_counted) co_return found;
    co_return fault::not_executed;
}

asio::awaitable<void> postgres_backend::sweep_until_stopped() {
    while (!stopped_) {
        sweep_timer_.expires_after(options_.sweep_interval);
        co_await sweep_timer_.async_wait(no_throw);
        if (stopped_) break;
        auto slice = [this](connection& connection) { return upkeep_.sweep_slice(connection); };
        co_await run_job(slice);
        std::uint64_t live_codes = 0;
        auto count = [&](connection& connection) {
            return upkeep_.count_rows(connection, now(), live_codes);
        };
        if (upkeep_.is_count_due()) co_await run_job(count);
    }
}

std::unique_ptr<backend> make_postgres_store(asio::any_io_executor executor,
                                             postgres_options options, observer& observer) {
    return std::make_unique<postgres_backend>(std::move(executor), std::move(options), observer);
}

} // namespace otpd::store
