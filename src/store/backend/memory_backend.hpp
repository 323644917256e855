#pragma once

/// The memory store. The table is plain data behind one strand. Each batch is loaded, run and
/// committed in one handler there (docs/decisions/0011-one-strand-for-the-memory-store.md). A
/// sweeper deletes expired states in bounded slices: no request pays for a scan, and if a million
/// codes expire at once, they are deleted slice by slice between requests.

#include "backend/blob_table.hpp"
#include "batched_store.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/store/memory_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace otpd::store {

struct memory_usage {
    std::uint64_t codes = 0; ///< live codes
    std::uint64_t states = 0;
    std::uint64_t bytes = 0; ///< of the states only
};

class memory_backend final : public batched_store, private backend_io {
public:
    /// `now`, `observer` and the owner of `executor` must outlive the store. The store must outlive
    /// every operation started on it.
    memory_backend(boost::asio::any_io_executor executor, clock const& now, memory_options options,
                   observer& observer = observer::none());

    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    boost::asio::awaitable<result<std::monostate>> ping() override;

    /// Starts the sweeper. A memory store is always usable.
    boost::asio::awaitable<std::optional<std::string>> start() override;
    void stop() override;

    /// The sweeper's body: deletes all expired states in slices.
    boost::asio::awaitable<void> sweep();

    /// A snapshot for metrics.
    boost::asio::awaitable<memory_usage> usage();

private:
    // --- backend_io, on the strand ---
    [[nodiscard]] bool reads_first() const noexcept override { return true; }
    void load(flight& flight, flight_listener& to) override;
    void commit(flight& flight, flight_listener& to) override;
    [[nodiscard]] store_time now() const noexcept override;
    [[nodiscard]] room room_left() const noexcept override;

    [[nodiscard]] bool sweep_once();
    boost::asio::awaitable<void> sweep_until_stopped();

    memory_options const options_;
    local_clock const clock_;
    observer& observer_;
    // Used on guard().
    blob_table table_;
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
};

} // namespace otpd::store
