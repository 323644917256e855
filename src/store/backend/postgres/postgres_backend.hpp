#pragma once

/// The store of many instances on PostgreSQL 15 or later: what was answered is on the server's
/// disk, and on those of its synchronous replicas.
///
/// A batch of steps is one transaction in two round trips: its rows are locked and loaded, the
/// rules run here, what they did is put and committed. Whoever stops half way loses its locks after
/// 250 ms. Times are the server's. A commit whose answer was lost is looked up before anything is
/// decided. What another server lacks that takes over is written back, as far as this instance has
/// seen it. A sweeper deletes rows that have ended, some pages at a time.

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
    /// `observer` and whatever runs `executor` must outlive the store, and the store everything
    /// that was started on it.
    postgres_backend(boost::asio::any_io_executor executor, postgres_options options,
                     observer& observer = observer::none());
    ~postgres_backend() override;

    /// Of many rows a sample is counted.
    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    /// Whether a server answers that takes writes.
    boost::asio::awaitable<result<std::monostate>> ping() override;

    /// Connects, makes the tables where they are missing, and sweeps from then on. Once.
    boost::asio::awaitable<std::optional<std::string>> start() override;
    /// Batches on their way are answered first.
    void stop() override;

private:
    struct link;

    // --- backend_io, on the strand ---
    [[nodiscard]] bool reads_first() const noexcept override { return true; }
    void load(flight& flight, flight_listener& to) override;
    /// carry() goes on with it.
    void commit(flight&, flight_listener&) override {}
    [[nodiscard]] store_time now() const noexcept override;
    [[nodiscard]] bool has_room() const noexcept override;

    // --- a link, from its beginning to its end ---
    boost::asio::awaitable<void> run(link& one);
    boost::asio::awaitable<bool> connect(link& one);
    boost::asio::awaitable<void> serve(link& one);
    boost::asio::awaitable<bool> carry(link& one);
    void became_ready(link& one);
    void became_unusable();
    void wake_one();
    void refuse_waiting();

    // --- what is asked beside the batches ---
    boost::asio::awaitable<bool> run_job(postgres::job_queue::job job);
    boost::asio::awaitable<void> sweep_until_stopped();

    postgres_options const options_;
    observer& observer_;
    std::string const place_;         ///< for people
    std::int64_t server_started_ = 0; ///< the one that was greeted last; by its clock
    server_clock clock_;
    postgres::table_upkeep upkeep_;
    std::vector<std::unique_ptr<link>> links_;
    std::deque<std::pair<flight*, flight_listener*>> waiting_;
    postgres::job_queue jobs_;
    std::size_t ready_ = 0; ///< links
    std::string why_;       ///< the last attempt to connect failed, in a line for people
    bool is_down_ = false;  ///< no server could be used; until then batches wait for the next try
    bool has_been_ready_ = false;
    bool stopped_ = false;
    first_attempt first_attempt_;
    boost::asio::steady_timer sweep_timer_;
};

} // namespace otpd::store
