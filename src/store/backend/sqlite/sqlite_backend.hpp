#pragma once

/// The durable store of a single machine: an SQLite file that one process holds. What was answered
/// is on the disk: a killed process or a power cut loses nothing that was reported to anyone.
///
/// A thread of its own owns the file. It loads the states of a batch, the rules run on the strand
/// of the batches, and the thread commits the changes in one transaction, so that the steps of a
/// batch share one fsync (docs/decisions/0009-sqlite.md). One batch is in flight at a time, so the
/// states that it has loaded do not change meanwhile.

#include "backend/sqlite/state_table.hpp"
#include "batched_store.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/store/sqlite_store.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace otpd::store {

struct sqlite_usage {
    std::uint64_t codes = 0;   ///< live codes
    std::uint64_t states = 0;  ///< what counts towards states_max
    std::uint64_t commits = 0; ///< since the start: transactions that wrote something
};

class sqlite_backend final : public batched_store, private backend_io {
public:
    /// `now`, `observer` and the owner of `executor` must outlive the store. The store must outlive
    /// every step that was begun.
    sqlite_backend(boost::asio::any_io_executor const& executor, clock const& now,
                   sqlite_options options, observer& observer = observer::none());
    /// Closes the file.
    ~sqlite_backend() override;

    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    /// Reads the file. If a write has failed, this tries to write; until a write succeeds it
    /// returns unavailable.
    boost::asio::awaitable<result<std::monostate>> ping() override;

    /// Opens, locks and checks the file. Call once.
    boost::asio::awaitable<std::optional<std::string>> start() override;
    /// Commits the batch in flight and refuses the waiting steps. The file is then complete without
    /// its -wal.
    void stop() override;

    /// A snapshot. Any thread.
    [[nodiscard]] sqlite_usage usage() const noexcept;

private:
    // --- backend_io, on the strand ---
    [[nodiscard]] bool reads_first() const noexcept override { return true; }
    void load(flight& flight, flight_listener& to) override;
    void commit(flight& flight, flight_listener& to) override;
    [[nodiscard]] room room_left() const noexcept override;
    /// Any thread.
    [[nodiscard]] store_time now() const noexcept override { return clock_.now(); }

    void start_thread();
    template <class Answer>
    void answer_on_strand(Answer answer);
    [[nodiscard]] std::string name() const;

    // --- on the store's own thread ---
    void serve();
    std::optional<std::string> open();
    void load_on_thread(flight& flight);
    void commit_on_thread(flight& flight);
    otpd::store::commit::outcome transact(otpd::store::commit* changes);
    sweep_slice sweep();
    void sweep_when_idle();
    [[nodiscard]] bool is_surely_undone() const noexcept;
    void lose_to_exception();
    void lose(std::string_view why);
    void arm_timer();
    void try_again();
    void publish() noexcept;
    void close() noexcept;

    sqlite_options const options_;
    local_clock const clock_;
    observer& observer_;
    /// Lets an answer that is on its way detect that the store was destroyed.
    std::shared_ptr<std::monostate> const is_alive_ = std::make_shared<std::monostate>();

    std::atomic<bool> is_stopping_{false};
    std::atomic<bool> is_serving_{false}; ///< written on the thread only, like the next ones
    std::atomic<std::uint64_t> codes_{0};
    std::atomic<std::uint64_t> states_{0};
    std::atomic<std::uint64_t> commits_{0};

    boost::asio::io_context context_{1}; // used on the thread only, like the next ones
    net::strand file_guard_{
        boost::asio::make_strand(boost::asio::any_io_executor(context_.get_executor()))};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        context_.get_executor()};
    boost::asio::steady_timer timer_{context_};
    std::unique_ptr<sqlite_database> database_;
    std::optional<state_table> table_;
    bool is_lent_ = false;   ///< states are loaded, and must not be deleted until the commit
    bool sweep_due_ = false; ///< otherwise the timer runs

    std::thread thread_;
};

} // namespace otpd::store
