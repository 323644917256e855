#include "otpd/store/memory_store.hpp"

#include "memory_shard.hpp"
#include "otpd/net/on_strand.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <bit>
#include <deque>
#include <stdexcept>

namespace otpd::store {

namespace asio = boost::asio;

namespace {

/// A shard, its strand, and when it next needs the sweeper: readable without the strand, so that a round
/// over idle shards costs a load each.
struct guarded_shard {
    guarded_shard(asio::any_io_executor const& executor, memory_budget& budget)
        : guard(asio::make_strand(executor)), shard(budget) {}

    net::strand guard;
    memory_shard shard;
    std::atomic<store_time::rep> next_expiry{store_time::max().time_since_epoch().count()};

    void publish_next_expiry() noexcept {
        next_expiry.store(shard.next_expiry().time_since_epoch().count(),
                          std::memory_order_relaxed);
    }
    [[nodiscard]] bool due(store_time now) const noexcept {
        return next_expiry.load(std::memory_order_relaxed) <= now.time_since_epoch().count();
    }
};

} // namespace

class memory_store::impl {
public:
    impl(asio::any_io_executor const& executor, clock const& now, memory_options options,
         observer& tell)
        : options_(options), clock_(now), budget_(options.items_max), tell_(tell),
          sweeper_guard_(asio::make_strand(executor)), timer_(sweeper_guard_) {
        if (!std::has_single_bit(options.shards))
            throw std::invalid_argument("the number of shards is not a power of two");
        for (std::size_t i = 0; i < options.shards; ++i)
            shards_.emplace_back(executor, budget_);
    }

    /// Runs `step(shard, now)` on the strand of the shard that holds `number`. The time is read there:
    /// a step that waited for its turn is not judged by an old clock.
    template <class Step>
    auto visit(number_key const& number, Step step)
        -> asio::awaitable<std::invoke_result_t<Step&, memory_shard&, store_time>> {
        auto& home = shards_[index(number)];
        auto operation = [this, &home, &step] {
            auto outcome = step(home.shard, now());
            home.publish_next_expiry();
            return outcome;
        };
        co_return co_await net::on_strand(home.guard, operation);
    }

    asio::awaitable<void> sweep() {
        for (auto& home : shards_)
            while (home.due(now())) {
                auto slice = [this, &home] { return sweep_once(home); };
                co_await net::on_strand(home.guard, slice);
            }
    }

    void start_sweeper() {
        auto report = [this](std::exception_ptr thrown) {
            if (thrown) tell_.failed(thrown);
        };
        asio::co_spawn(sweeper_guard_, sweep_until_stopped(), std::move(report));
    }

    void stop_sweeper() {
        asio::dispatch(sweeper_guard_, [this] {
            stopped_ = true;
            timer_.cancel();
        });
    }

    [[nodiscard]] memory_usage usage() const noexcept {
        memory_usage in_use;
        in_use.codes = budget_.codes();
        in_use.items = budget_.items();
        return in_use;
    }

private:
    /// Since the steady clock's own epoch: nothing here outlives the process.
    [[nodiscard]] store_time now() const noexcept {
        return store_time(
            std::chrono::floor<store_time::duration>(clock_.now().time_since_epoch()));
    }

    /// From the end of the key: its beginning is the hash within the shard.
    [[nodiscard]] std::size_t index(number_key const& number) const noexcept {
        std::size_t tail = 0;
        std::memcpy(&tail, number.data() + number.size() - sizeof tail, sizeof tail);
        return tail & (options_.shards - 1);
    }

    std::size_t sweep_once(guarded_shard& home) {
        auto const began = std::chrono::steady_clock::now();
        auto const removed = home.shard.sweep(now(), options_.sweep_batch);
        home.publish_next_expiry();
        tell_.swept(sweep_slice{removed, std::chrono::steady_clock::now() - began});
        return removed;
    }

    asio::awaitable<void> sweep_until_stopped() {
        while (!stopped_) {
            timer_.expires_after(options_.sweep_interval);
            co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
            if (!stopped_) co_await sweep();
        }
    }

    memory_options const options_;
    clock const& clock_;
    memory_budget budget_;
    observer& tell_;
    std::deque<guarded_shard> shards_; // never moves its elements
    net::strand sweeper_guard_;
    asio::steady_timer timer_; // on sweeper_guard_, as stopped_
    bool stopped_ = false;
};

memory_store::memory_store(asio::any_io_executor executor, clock const& now, memory_options options,
                           observer& tell)
    : impl_(std::make_unique<impl>(executor, now, options, tell)) {}

memory_store::~memory_store() = default;

asio::awaitable<result<admit_outcome>> memory_store::admit(admission request) {
    auto const number = request.key.number;
    auto step = [&request](memory_shard& s, store_time now) { return s.admit(request, now); };
    co_return co_await impl_->visit(number, step);
}

asio::awaitable<result<settle_outcome>> memory_store::settle(settlement request) {
    auto const number = request.key.number;
    auto step = [&request](memory_shard& s, store_time now) { return s.settle(request, now); };
    co_return co_await impl_->visit(number, step);
}

asio::awaitable<result<check_outcome>> memory_store::check_code(check request) {
    auto const number = request.key.number;
    auto step = [&request](memory_shard& s, store_time now) { return s.check_code(request, now); };
    co_return co_await impl_->visit(number, step);
}

asio::awaitable<result<std::uint64_t>> memory_store::live_codes() {
    co_return usage().codes;
}

asio::awaitable<result<std::monostate>> memory_store::ping() {
    co_return std::monostate{};
}

asio::awaitable<std::optional<std::string>> memory_store::start() {
    impl_->start_sweeper();
    co_return std::nullopt;
}

void memory_store::stop() {
    impl_->stop_sweeper();
}

asio::awaitable<void> memory_store::sweep() {
    co_await impl_->sweep();
}

memory_usage memory_store::usage() const noexcept {
    return impl_->usage();
}

} // namespace otpd::store
