#include "backend/memory_backend.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace otpd::store {

namespace asio = boost::asio;

namespace {

/// Steps never wait in this store.
constexpr std::chrono::milliseconds no_timeout = std::chrono::hours(1);

} // namespace

memory_backend::memory_backend(asio::any_io_executor executor, clock const& now,
                               memory_options options, observer& observer)
    : batched_store(executor, *this, batch_options(), no_timeout), options_(options), clock_(now),
      observer_(observer), table_(options.shards), timer_(guard()) {}

void memory_backend::load(flight& flight, flight_listener& to) {
    for (auto& load : flight.loads)
        load.blob = table_.find(load.key);
    to.loaded(flight);
}

void memory_backend::commit(flight& flight, flight_listener& to) {
    table_.apply(flight.changes);
    to.committed(flight);
}

/// Read on the strand, so that a queued step runs with the current time.
store_time memory_backend::now() const noexcept {
    return clock_.now();
}

room memory_backend::room_left() const noexcept {
    return room_of(table_.states(), options_.states_max);
}

asio::awaitable<result<std::uint64_t>> memory_backend::live_codes() {
    auto const in_use = co_await usage();
    co_return in_use.codes;
}

asio::awaitable<result<std::monostate>> memory_backend::ping() {
    co_return std::monostate{};
}

asio::awaitable<memory_usage> memory_backend::usage() {
    auto look = [this] {
        return memory_usage{
            .codes = table_.live_codes(), .states = table_.states(), .bytes = table_.bytes()};
    };
    co_return co_await net::on_strand(guard(), look);
}

// --- the sweeper --------------------------------------------------------------------------------

/// Returns whether there is more to delete.
bool memory_backend::sweep_once() {
    auto const began = std::chrono::steady_clock::now();
    auto const at = now();
    if (!table_.is_due(at)) return false;
    auto const removed = table_.sweep(at, options_.sweep_batch);
    observer_.swept(sweep_slice{removed, std::chrono::steady_clock::now() - began});
    return table_.is_due(at);
}

asio::awaitable<void> memory_backend::sweep() {
    for (bool is_due = true; is_due;) {
        auto slice = [this] { return sweep_once(); };
        is_due = co_await net::on_strand(guard(), slice);
        // The previous slice may have run without a hop. This lets waiting handlers run first.
        if (is_due) co_await asio::post(asio::use_awaitable);
    }
}

asio::awaitable<void> memory_backend::sweep_until_stopped() {
    while (!stopped_) {
        timer_.expires_after(options_.sweep_interval);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (!stopped_) co_await sweep();
    }
}

asio::awaitable<std::optional<std::string>> memory_backend::start() {
    asio::co_spawn(guard(), sweep_until_stopped(), reports_failure(observer_));
    co_return std::nullopt;
}

void memory_backend::stop() {
    asio::dispatch(guard(), [this] {
        stopped_ = true;
        timer_.cancel();
    });
}

std::unique_ptr<backend> make_memory_store(asio::any_io_executor executor, clock const& now,
                                           memory_options options, observer& observer) {
    return std::make_unique<memory_backend>(std::move(executor), now, options, observer);
}

} // namespace otpd::store
