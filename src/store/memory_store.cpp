#include "otpd/store/memory_store.hpp"

#include "memory_table.hpp"
#include "otpd/net/on_strand.hpp"
#include "packed_state.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace otpd::store {

namespace asio = boost::asio;

namespace {

/// Both compared and kept in this form.
void keep_half(check& request) noexcept {
    for (auto& each : request.candidates)
        keep_half(each);
}

} // namespace

class memory_store::impl {
public:
    impl(asio::any_io_executor const& executor, clock const& now, memory_options options,
         observer& tell)
        : options_(options), clock_(now), tell_(tell), table_(options.shards, options.items_max),
          guard_(asio::make_strand(executor)), sweeper_guard_(asio::make_strand(executor)),
          timer_(sweeper_guard_) {}

    /// Runs `step(subjects, now)` on the store's strand. The time is read there: a step that waited for
    /// its turn is not judged by an old clock.
    template <class Step>
    auto visit(Step step) -> asio::awaitable<std::invoke_result_t<Step&, subjects&, store_time>> {
        auto operation = [this, &step] {
            auto const at = now();
            memory_step in(table_, at);
            auto answer = step(in, at);
            in.keep();
            return answer;
        };
        co_return co_await net::on_strand(guard_, operation);
    }

    /// A round over shards with nothing to do costs a load each, and no turn on the strand.
    asio::awaitable<void> sweep() {
        auto const due = now();
        for (std::size_t shard = 0; shard < table_.shards().size(); ++shard)
            while (table_.shards()[shard].next_expiry() <= due) {
                auto slice = [this, shard] { return sweep_once(shard); };
                co_await net::on_strand(guard_, slice);
                // It may have run without a hop: whoever waits for this thread comes first.
                co_await asio::post(asio::use_awaitable);
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
        in_use.codes = table_.budget().codes();
        in_use.items = table_.budget().items();
        return in_use;
    }

private:
    /// Since the steady clock's own epoch: nothing here outlives the process.
    [[nodiscard]] store_time now() const noexcept {
        return store_time(
            std::chrono::floor<store_time::duration>(clock_.now().time_since_epoch()));
    }

    std::size_t sweep_once(std::size_t shard) {
        auto const began = std::chrono::steady_clock::now();
        auto const removed = table_.sweep(shard, now(), options_.sweep_batch);
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
    observer& tell_;
    memory_table table_;
    net::strand guard_; // of the table
    net::strand sweeper_guard_;
    asio::steady_timer timer_; // on sweeper_guard_, as stopped_
    bool stopped_ = false;
};

memory_store::memory_store(asio::any_io_executor executor, clock const& now, memory_options options,
                           observer& tell)
    : impl_(std::make_unique<impl>(executor, now, options, tell)) {}

memory_store::~memory_store() = default;

asio::awaitable<result<admit_outcome>> memory_store::admit(admission request) {
    keep_half(request.code);
    auto step = [&request](subjects& in, store_time now) { return steps::admit(in, request, now); };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<settle_outcome>> memory_store::settle(settlement request) {
    auto step = [&request](subjects& in, store_time now) {
        return steps::settle(in, request, now);
    };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<rebook_outcome>> memory_store::rebook(rebooking request) {
    auto step = [&request](subjects& in, store_time now) {
        return steps::rebook(in, request, now);
    };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<update_outcome>> memory_store::update(delivery_update request) {
    auto step = [&request](subjects& in, store_time now) {
        return steps::update(in, request, now);
    };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<check_outcome>> memory_store::check_code(check request) {
    keep_half(request);
    auto step = [&request](subjects& in, store_time now) {
        return steps::check_code(in, request, now);
    };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<std::optional<verification>>> memory_store::find(verification_address at) {
    auto step = [&at](subjects& in, store_time now) { return steps::find(in, at, now); };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<cancel_outcome>> memory_store::cancel(cancellation request) {
    auto step = [&request](subjects& in, store_time now) {
        return steps::cancel(in, request, now);
    };
    co_return co_await impl_->visit(step);
}

asio::awaitable<result<std::vector<std::int64_t>>> memory_store::spent(std::vector<budget_key> of) {
    auto step = [&of](subjects& in, store_time) { return steps::spent(in, of); };
    co_return co_await impl_->visit(step);
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
