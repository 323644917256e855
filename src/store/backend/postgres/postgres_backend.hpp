#pragma once

/// The store of many instances on PostgreSQL 15 or later: what was answered is on the server's
/// disk, and on those of its synchronous replicas.
///
/// A batch of steps is one transaction in two round trips: its rows are locked and loaded, the
/// rules run here, what they did is put and committed. Whoever stops half way loses its locks after
/// 250 ms. Times are the server's. A commit whose answer was lost is looked up before anything is
/// decided. What another server lacks that takes over is written back, as far as this instance has
/// seen it. A sweeper deletes rows that have ended, some pages at a time.

#include "backend/server_parts.hpp"
#include "batched_store.hpp"
#include "otpd/store/postgres_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::store {

namespace postgres {
class connection;
enum class transaction_end : std::uint8_t;
} // namespace postgres

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
    struct job;
    using work = std::function<boost::asio::awaitable<bool>(postgres::connection&)>;

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
    boost::asio::awaitable<bool> greet(postgres::connection& connection);
    boost::asio::awaitable<bool> find_tables(postgres::connection& connection,
                                             steady_time deadline);
    boost::asio::awaitable<bool> make_tables(postgres::connection& connection,
                                             steady_time deadline);
    boost::asio::awaitable<bool> is_answered(postgres::connection& connection,
                                             steady_time deadline);
    boost::asio::awaitable<void> serve(link& one);
    boost::asio::awaitable<bool> carry(link& one);
    boost::asio::awaitable<void> settle_doubt(link& one);
    boost::asio::awaitable<bool> do_next_job(link& one);
    void answer(link& one, postgres::transaction_end end);
    void became_ready(link& one);
    void became_unusable();
    void wake_one();
    void refuse_waiting();

    // --- what is asked beside the batches ---
    boost::asio::awaitable<bool> run_job(work work);
    boost::asio::awaitable<bool> sweep_slice(postgres::connection& connection);
    boost::asio::awaitable<bool> count_rows(postgres::connection& connection,
                                            std::uint64_t& live_codes);
    boost::asio::awaitable<void> sweep_until_stopped();
    [[nodiscard]] steady_time statement_deadline() const noexcept;

    postgres_options const options_;
    observer& observer_;
    std::string const place_;         ///< for people
    std::int64_t server_started_ = 0; ///< the one that was greeted last; by its clock
    server_clock clock_;
    std::vector<std::unique_ptr<link>> links_;
    std::deque<std::pair<flight*, flight_listener*>> waiting_;
    std::deque<job*> jobs_;
    std::size_t ready_ = 0; ///< links
    std::string why_;       ///< the last attempt to connect failed, in a line for people
    bool is_down_ = false;  ///< no server could be used; until then batches wait for the next try
    bool has_been_ready_ = false;
    bool stopped_ = false;
    first_attempt first_attempt_;
    boost::asio::steady_timer sweep_timer_;
    std::int64_t next_page_ = 0;
    std::uint64_t rows_ = 0; ///< estimated
    steady_time counted_;    ///< last
};

} // namespace otpd::store
