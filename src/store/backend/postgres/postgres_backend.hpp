#pragma once

/// The store for many instances on PostgreSQL 15 or later. What was answered is on the server's
/// disk, and on the disks of its synchronous replicas.
///
/// A batch of steps is one transaction with two round trips: the first locks and loads its rows,
/// then the rules run here, and the second writes their changes and commits. An instance that stops
/// in between loses its locks after 250 ms. Times are the server's. If the answer to a commit is
/// lost, its outcome is looked up before anything is decided. After a failover, this instance
/// writes back the states that it has seen and the new server lacks. A sweeper deletes expired
/// rows, some pages at a time.

#include "backend/postgres/job_queue.hpp"
#include "backend/postgres/table_upkeep.hpp"
#include "backend/server_parts.hpp"
#include "batched_store.hpp"
#include "otpd/store/postgres_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::store {

class postgres_backend final : public batched_store, private backend_io {
public:
    /// `observer` and the owner of `executor` must outlive the store. The store must outlive every
    /// operation started on it.
    postgres_backend(boost::asio::any_io_executor executor, postgres_options options,
                     observer& observer = observer::none());
    ~postgres_backend() override;

    /// Estimated from a sample if there are many rows.
    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    /// Succeeds if a server answers that accepts writes.
    boost::asio::awaitable<result<std::monostate>> ping() override;

    /// Connects, creates missing tables and starts the sweeper. Call once.
    boost::asio::awaitable<std::optional<std::string>> start() override;
    /// Batches in flight are answered first.
    void stop() override;

private:
    struct link;

    // --- backend_io, on the strand ---
    [[nodiscard]] bool reads_first() const noexcept override { return true; }
    void load(flight& flight, flight_listener& listener) override;
    /// batch_runner commits after load().
    void commit(flight&, flight_listener&) override {}
    [[nodiscard]] store_time now() const noexcept override;
    [[nodiscard]] room room_left() const noexcept override;

    // --- a link's life cycle ---
    boost::asio::awaitable<void> run(link& one);
    boost::asio::awaitable<bool> connect(link& one);
    boost::asio::awaitable<void> serve(link& one);
    void became_ready(link& one);
    void became_unusable();
    void wake_one();
    void refuse_waiting();

    // --- work beside the batches ---
    boost::asio::awaitable<bool> run_job(postgres::job_queue::job job);
    boost::asio::awaitable<void> sweep_until_stopped();

    postgres_options const options_;
    observer& observer_;
    std::string const place_;         ///< for operators
    std::int64_t server_started_ = 0; ///< the start time of the server greeted last; by its clock
    server_clock clock_;
    postgres::table_upkeep upkeep_;
    std::vector<std::unique_ptr<link>> links_;
    std::deque<std::pair<flight*, flight_listener*>> waiting_;
    postgres::job_queue jobs_;
    std::size_t ready_ = 0; ///< links
    std::string why_;       ///< the last attempt to connect failed, with this message for
                            ///  operators
    bool is_down_ = false;  ///< no server is usable; batches wait for the next attempt
    bool has_been_ready_ = false;
    bool stopped_ = false;
    first_attempt first_attempt_;
    boost::asio::steady_timer sweep_timer_;
};

} // namespace otpd::store
