#include "connection_pool.hpp"

#include "otpd/net/run_on.hpp"

#include <boost/asio/bind_executor.hpp>

#include <utility>

namespace otpd::net {

namespace asio = boost::asio;

// --- lease --------------------------------------------------------------------------------------

lease& lease::operator=(lease&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    pool_ = std::move(other.pool_);
    held_ = std::move(other.held_);
    unreported_ = other.unreported_;
    return *this;
}

void lease::report(connect_result const& result) {
    auto const entry = std::exchange(unreported_, std::nullopt).value_or(circuit_breaker::entry());
    auto tell = [pool = pool_, result, entry] { pool->connect_reported(result, entry); };
    asio::post(pool_->strand_, std::move(tell));
}

void lease::give_back() noexcept {
    if (!held_) return;
    auto const pool = std::exchange(pool_, nullptr);
    auto held = std::exchange(held_, nullptr);
    auto newest = held->take_session();
    // Posts even if this runs on the strand already: the end of a connection that follows right
    // after the reply is then seen before the connection is handed out again.
    auto give = [pool, held = std::move(held), newest = std::move(newest),
                 unreported = unreported_]() mutable {
        pool->take_back(std::move(held), std::move(newest), unreported);
    };
    asio::post(pool->strand_, std::move(give));
}

// --- handing out --------------------------------------------------------------------------------

connection_pool::connection_pool(asio::any_io_executor executor, origin target, tls_context* tls,
                                 pool_options options, random_source& random,
                                 connect_observer& observer)
    : strand_(asio::make_strand(executor)), target_(std::move(target)), tls_(tls),
      options_(options), observer_(observer), idle_(options), circuit_(options.circuit, random),
      timer_(strand_), drained_(strand_) {}

asio::awaitable<acquired> connection_pool::acquire(deadline until) {
    return run_on(strand_, acquire_here(shared_from_this(), until));
}

asio::awaitable<acquired>
connection_pool::acquire_here([[maybe_unused]] std::shared_ptr<connection_pool> self,
                              deadline until) {
    auto immediate = try_acquire();
    if (immediate) co_return std::move(*immediate);
    if (queue_.size() >= options_.waiters_max) co_return refuse(exchange_error::pool_exhausted);
    co_return co_await wait_in_queue(until);
}

asio::awaitable<acquired> connection_pool::wait_in_queue(deadline until) {
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return refuse(exchange_error::timed_out);

    ++counters_.waiting;
    auto given = co_await queue_.wait(until.within(options_.wait_max));
    publish();
    if (given) co_return std::move(*given);
    bool const gave_up = until.expired() || state.cancelled() != asio::cancellation_type::none;
    co_return refuse(gave_up ? exchange_error::timed_out : exchange_error::pool_exhausted);
}

acquired connection_pool::refuse(exchange_error why) const {
    acquired result;
    result.failure.why = why;
    return result;
}

std::optional<acquired> connection_pool::try_acquire() {
    if (draining_) return refuse(exchange_error::shutting_down);
    std::optional<acquired> result;
    idle_connections::list ended;
    auto held = idle_.take(std::chrono::steady_clock::now(), ended);
    end(ended);
    if (held) {
        result.emplace();
        result->held = lease(shared_from_this(), std::move(held));
    } else if (all_.size() < options_.connections_max) {
        result = open_new();
    }
    publish();
    return result;
}

acquired connection_pool::open_new() {
    if (auto const wait = circuit_.refusal(std::chrono::steady_clock::now())) {
        auto refused = refuse(exchange_error::circuit_open);
        refused.failure.retry_after = *wait;
        return refused;
    }
    // Each connection gets its own copy. OpenSSL marks a session as not resumable when its
    // connection ends badly, and a private copy needs no synchronisation.
    tls_session resume;
    if (newest_session_) resume.reset(SSL_SESSION_dup(newest_session_.get()));
    auto on_idle_closed = [weak = weak_from_this()](std::shared_ptr<connection> const& closed) {
        auto pool = weak.lock();
        if (!pool) return;
        auto tell = [pool, closed] { pool->idle_closed(closed); };
        asio::post(pool->strand_, std::move(tell));
    };
    auto made =
        std::make_shared<connection>(strand_.get_inner_executor(), target_, tls_, std::move(resume),
                                     options_.limits, std::move(on_idle_closed));
    all_.insert(made);
    acquired result;
    result.held = lease(shared_from_this(), std::move(made), circuit_.enter());
    return result;
}

void connection_pool::serve_queue() {
    while (!queue_.empty()) {
        auto result = try_acquire();
        if (!result) break;
        queue_.give(std::move(*result));
    }
    publish();
}

// --- taking back --------------------------------------------------------------------------------

void connection_pool::connect_reported(connect_result const& result,
                                       circuit_breaker::entry const& entry) {
    if (result.connected) {
        circuit_.succeeded(entry);
        (result.session_resumed ? counters_.handshakes_resumed : counters_.handshakes_full) +=
            target_.tls ? 1 : 0;
        observer_.connected(result.session_resumed);
    } else {
        circuit_.failed(entry, std::chrono::steady_clock::now());
        ++counters_.connects_failed;
        observer_.connect_failed(result.why, result.error);
    }
    dead_until_ = circuit_.open_until().time_since_epoch().count();
}

void connection_pool::take_back(std::shared_ptr<connection> returned, tls_session newest,
                                std::optional<circuit_breaker::entry> unreported) {
    if (unreported) circuit_.abandoned(*unreported);
    if (newest) newest_session_ = std::move(newest);
    auto const now = std::chrono::steady_clock::now();
    bool const too_old = now - returned->created_at() >= options_.lifetime_max;
    idle_connections::list ended;
    auto const fresh_for = idle_.put_back(std::move(returned), !too_old && !draining_, now, ended);
    end(ended);
    if (fresh_for) observer_.stopped_reusing(*fresh_for);
    arm_timer(now);
    serve_queue();
}

void connection_pool::idle_closed(std::shared_ptr<connection> const& closed) {
    auto const now = std::chrono::steady_clock::now();
    idle_connections::list ended;
    // It is in use or on its way back: take_back() will see how it ended.
    if (!idle_.remove_closed(closed, now, ended)) return;
    end(ended);
    arm_timer(now);
    serve_queue();
}

void connection_pool::end(idle_connections::list const& ended) {
    for (auto const& entry : ended) {
        entry->abort();
        all_.erase(entry);
    }
    if (draining_ && all_.empty()) drained_.cancel();
}

// --- age ----------------------------------------------------------------------------------------

void connection_pool::arm_timer(steady_time now) {
    auto const at = idle_.next_due(now);
    if (at >= timer_at_) return;
    timer_at_ = at;
    timer_.expires_at(at); // ends a pending wait
    auto fired = [weak = weak_from_this()](boost::system::error_code ec) {
        auto pool = weak.lock();
        if (pool && !ec) pool->timer_fired();
    };
    timer_.async_wait(asio::bind_executor(strand_, std::move(fired)));
}

/// Also runs before anything is due: the connection that it was armed for may have been handed out.
void connection_pool::timer_fired() {
    timer_at_ = steady_time::max();
    auto const now = std::chrono::steady_clock::now();
    if (auto const tried = idle_.probation_ended(now)) {
        confirm(tried);
        return;
    }
    end(idle_.take_expired(now));
    arm_timer(now);
    publish();
}

/// The timer may be late and the event of a FIN still pending, so this checks the socket itself.
void connection_pool::confirm(std::shared_ptr<connection> const& tried) {
    auto confirmed = [weak = weak_from_this(), tried] {
        auto pool = weak.lock();
        if (!pool) return;
        auto rested = [pool, tried] {
            if (!pool->idle_.confirm(tried)) return;
            pool->arm_timer(std::chrono::steady_clock::now());
            pool->serve_queue();
        };
        asio::post(pool->strand_, std::move(rested));
    };
    tried->confirm_idle(std::move(confirmed));
}

// --- the end ------------------------------------------------------------------------------------

asio::awaitable<bool> connection_pool::drain(deadline until) {
    return run_on(strand_, drain_here(shared_from_this(), until));
}

asio::awaitable<bool>
connection_pool::drain_here([[maybe_unused]] std::shared_ptr<connection_pool> self,
                            deadline until) {
    draining_ = true;
    serve_queue();
    end(idle_.take_all());
    timer_.cancel();
    publish();
    if (!all_.empty()) {
        drained_.expires_at(until.at());
        co_await drained_.async_wait(asio::as_tuple(asio::deferred));
    }
    bool const complete = all_.empty();
    for (auto const& left : all_)
        left->abort();
    co_return complete;
}

// --- figures ------------------------------------------------------------------------------------

void connection_pool::publish() noexcept {
    counters_.open = all_.size();
    counters_.idle = idle_.size();
    counters_.waiting = queue_.size();
}

pool_stats connection_pool::stats() const noexcept {
    return {.open = counters_.open,
            .idle = counters_.idle,
            .waiting = counters_.waiting,
            .connects_failed = counters_.connects_failed,
            .handshakes_full = counters_.handshakes_full,
            .handshakes_resumed = counters_.handshakes_resumed};
}

} // namespace otpd::net
