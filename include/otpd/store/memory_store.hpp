#pragma once

/// The store of a single process: nothing survives a restart and nothing is shared with another
/// instance.

#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>

namespace otpd::store {

struct memory_options {
    /// More shards make the pauses of a growing hash table shorter. A power of two.
    std::size_t shards = 4096;
    /// Numbers, limit keys, budgets and idempotency records kept at the most. An admission that
    /// finds so many is answered `full`; whatever else is counted is always kept.
    std::size_t states_max = 4'000'000;
    std::chrono::milliseconds sweep_interval{100};
    /// Keys looked at before the sweeper lets others on the strand.
    std::size_t sweep_batch = 16;
};

/// `now`, `observer` and whatever runs `executor` must outlive the store, and the store everything
/// that was started on it.
[[nodiscard]] std::unique_ptr<backend> make_memory_store(boost::asio::any_io_executor executor,
                                                         clock const& now, memory_options options,
                                                         observer& observer = observer::none());

} // namespace otpd::store
