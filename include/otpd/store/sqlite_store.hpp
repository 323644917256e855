#pragma once

/// The durable store of a single machine: an SQLite file that one process holds. What was answered is on
/// the disk; a killed process or a power cut loses nothing that anybody was told of.
///
/// One thread of its own owns the file. Steps queue for it, and all that wait are done in one transaction
/// and share its fsync (docs/decisions/0009-sqlite.md).

#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace otpd::store {

struct sqlite_options {
    std::string path; ///< made with mode 0600 when it is not there; its directory must be
    /// Verifications, counters, cooldowns, guess tallies, watches, budgets and idempotency keys kept at the
    /// most. An admission that would pass it is answered `full`. What wrong and right guesses count, and what
    /// is rebooked, is always kept.
    std::size_t items_max = 4'000'000;
    /// Of one step, from the call to its answer. A later answer is lost; a step that has begun by then
    /// has its effect.
    duration timeout{2000};
    std::size_t queue_max = 4096; ///< steps not yet answered; more are refused
    std::size_t batch_max = 512;  ///< steps of one transaction, >= 1
    /// Between looks at what has expired, and between attempts while the file cannot be written.
    std::chrono::milliseconds sweep_interval{100};
    std::size_t sweep_batch = 64;           ///< items removed in one go, >= 1
    std::size_t cache_bytes = 64ULL << 20U; ///< of the file's pages, kept in memory
};

struct sqlite_usage {
    std::uint64_t codes = 0;   ///< that can be verified
    std::uint64_t items = 0;   ///< all that counts for items_max
    std::uint64_t steps = 0;   ///< done since the start
    std::uint64_t commits = 0; ///< since the start: transactions that wrote steps
};

class sqlite_store final : public backend {
public:
    /// `now`, `tell` and whatever runs those who call must outlive the store, and the store everything
    /// that was started on it.
    sqlite_store(clock const& now, sqlite_options options, observer& tell = observer::none());
    /// stop(), and waits for it.
    ~sqlite_store() override;

    boost::asio::awaitable<result<admit_outcome>> admit(admission request) override;
    boost::asio::awaitable<result<settle_outcome>> settle(settlement request) override;
    boost::asio::awaitable<result<rebook_outcome>> rebook(rebooking request) override;
    boost::asio::awaitable<result<update_outcome>> update(delivery_update request) override;
    boost::asio::awaitable<result<check_outcome>> check_code(check request) override;
    boost::asio::awaitable<result<std::optional<verification>>>
    find(verification_address at) override;
    boost::asio::awaitable<result<cancel_outcome>> cancel(cancellation request) override;
    boost::asio::awaitable<result<std::vector<std::int64_t>>>
    spent(std::vector<budget_key> of) override;
    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    /// Reads the file. A file that could not be written is tried by writing, again and again; until that
    /// works, this says unavailable.
    boost::asio::awaitable<result<std::monostate>> ping() override;

    /// Opens, locks, checks and brings up to date the file. Once.
    boost::asio::awaitable<std::optional<std::string>> start() override;
    /// Steps that wait are done first. The file is then whole without its -wal.
    void stop() override;

    /// A snapshot, from any thread.
    [[nodiscard]] sqlite_usage usage() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::store
