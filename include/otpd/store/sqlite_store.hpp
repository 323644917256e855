#pragma once

/// The durable store of a single machine: an SQLite file that one process holds.

#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace otpd::store {

struct sqlite_options {
    std::string path; ///< made with mode 0600 when it is not there; its directory must be
    /// Numbers, limit keys, budgets and idempotency records kept at the most. An admission that
    /// finds so many is answered `full`; whatever else is counted is always kept.
    std::size_t states_max = 4'000'000;
    /// Of one step, from the call to its answer.
    std::chrono::milliseconds timeout{2000};
    std::size_t queue_max = 4096; ///< steps that wait for a batch; more are refused
    std::size_t batch_max = 512;  ///< steps of one transaction, >= 1
    /// Between looks at what has ended, and between attempts while the file cannot be written.
    std::chrono::milliseconds sweep_interval{100};
    std::size_t sweep_batch = 64;           ///< states looked at in one go, >= 1
    std::size_t cache_bytes = 64ULL << 20U; ///< of the file's pages, kept in memory
};

/// `now`, `observer` and whatever runs `executor` must outlive the store, and the store every step
/// that was begun.
[[nodiscard]] std::unique_ptr<backend> make_sqlite_store(boost::asio::any_io_executor executor,
                                                         clock const& now, sqlite_options options,
                                                         observer& observer = observer::none());

} // namespace otpd::store
