#include "backend/memory_backend.hpp"

#include "backend/blob_table.hpp"
#include "engine_step.hpp"
#include "otpd/net/on_strand.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace otpd::store {

namespace asio = boost::asio;

class memory_backend::impl final : private backend_io {
public:
    impl(asio::any_io_executor const& executor, clock const& now, memory_backend_options options,
         observer& tell)
        : options_(options), clock_(now), tell_(tell), began_(now.now()), began_wall_(now.wall()),
          table_(options.shards), batch_(*this, batch_options()),
          guard_(asio::make_strand(executor)), sweeper_guard_(asio::make_strand(executor)),
          timer_(sweeper_guard_) {}

    /// On the store's strand, where it is done at once. The time is read there: a step that waited
    /// for its turn is not judged by an old clock.
    template <auto Rules, class Request>
    auto run(Request const& request)
        -> asio::awaitable<result<typename engine_step<Rules, Request>::answer>> {
        engine_step<Rules, Request> step(request);
        auto operation = [this, &step] {
            batch_.submit(step);
            return step.is_done();
        };
        co_await net::on_strand(guard_, operation);
        co_return step.take();
    }

    asio::awaitable<void> sweep() {
        for (bool is_due = true; is_due;) {
            auto slice = [this] { return sweep_once(); };
            is_due = co_await net::on_strand(guard_, slice);
            // It may have run without a hop: whoever waits for this thread comes first.
            if (is_due) co_await asio::post(asio::use_awaitable);
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

    asio::awaitable<memory_backend_usage> usage() {
        auto look = [this] {
            memory_backend_usage in_use;
            in_use.codes = table_.live_codes();
            in_use.states = table_.states();
            in_use.bytes = table_.bytes();
            return in_use;
        };
        co_return co_await net::on_strand(guard_, look);
    }

private:
    // --- backend_io, on the strand ---
    [[nodiscard]] bool reads_first() const noexcept override { return true; }
    void load(flight& what, flight_listener& to) override {
        for (auto& each : what.loads)
            each.blob = table_.find(each.key);
        to.loaded(what);
    }
    void commit(flight& what, flight_listener& to) override {
        table_.apply(what.changes);
        to.committed(what);
    }
    /// UTC when the store began, and from there on by the steady clock: nothing here outlives the
    /// process.
    [[nodiscard]] store_time now() const noexcept override {
        auto const at = began_wall_.time_since_epoch() + (clock_.now() - began_);
        return store_time(std::chrono::floor<store_time::duration>(at));
    }
    [[nodiscard]] bool has_room() const noexcept override {
        return table_.states() < options_.states_max;
    }

    /// Whether there is more to do.
    bool sweep_once() {
        auto const began = std::chrono::steady_clock::now();
        auto const at = now();
        if (!table_.is_due(at)) return false;
        auto const removed = table_.sweep(at, options_.sweep_batch);
        tell_.swept(sweep_slice{removed, std::chrono::steady_clock::now() - began});
        return table_.is_due(at);
    }

    asio::awaitable<void> sweep_until_stopped() {
        while (!stopped_) {
            timer_.expires_after(options_.sweep_interval);
            co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
            if (!stopped_) co_await sweep();
        }
    }

    memory_backend_options const options_;
    clock const& clock_;
    observer& tell_;
    steady_time const began_;
    wall_time const began_wall_;
    blob_table table_;
    batch batch_;
    net::strand guard_; // of the table and the batch
    net::strand sweeper_guard_;
    asio::steady_timer timer_; // on sweeper_guard_, as stopped_
    bool stopped_ = false;
};

memory_backend::memory_backend(asio::any_io_executor executor, clock const& now,
                               memory_backend_options options, observer& tell)
    : impl_(std::make_unique<impl>(executor, now, options, tell)) {}

memory_backend::~memory_backend() = default;

asio::awaitable<result<admit_outcome>> memory_backend::admit(admission request) {
    co_return co_await impl_->run<engine::admit>(request);
}

asio::awaitable<result<settle_outcome>> memory_backend::settle(settlement request) {
    co_return co_await impl_->run<engine::settle>(request);
}

asio::awaitable<result<rebook_outcome>> memory_backend::rebook(rebooking request) {
    co_return co_await impl_->run<engine::replace_reservation>(request);
}

asio::awaitable<result<update_outcome>> memory_backend::update(delivery_update request) {
    co_return co_await impl_->run<engine::update>(request);
}

asio::awaitable<result<check_outcome>> memory_backend::check_code(check request) {
    co_return co_await impl_->run<engine::check_code>(request);
}

asio::awaitable<result<std::optional<verification>>> memory_backend::find(verification_address at) {
    co_return co_await impl_->run<engine::find>(at);
}

asio::awaitable<result<cancel_outcome>> memory_backend::cancel(cancellation request) {
    co_return co_await impl_->run<engine::cancel>(request);
}

asio::awaitable<result<std::vector<std::int64_t>>>
memory_backend::spent(std::vector<budget_key> of) {
    co_return co_await impl_->run<engine::spent>(of);
}

asio::awaitable<result<std::uint64_t>> memory_backend::live_codes() {
    auto const in_use = co_await impl_->usage();
    co_return in_use.codes;
}

asio::awaitable<result<std::monostate>> memory_backend::ping() {
    co_return std::monostate{};
}

asio::awaitable<std::optional<std::string>> memory_backend::start() {
    impl_->start_sweeper();
    co_return std::nullopt;
}

void memory_backend::stop() {
    impl_->stop_sweeper();
}

asio::awaitable<void> memory_backend::sweep() {
    co_await impl_->sweep();
}

asio::awaitable<memory_backend_usage> memory_backend::usage() {
    co_return co_await impl_->usage();
}

} // namespace otpd::store
