#include "otpd/store/sqlite_store.hpp"

#include "otpd/net/on_strand.hpp"
#include "sqlite_schema.hpp"
#include "sqlite_step.hpp"
#include "sqlite_subjects.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <thread>
#include <variant>

namespace otpd::store {

namespace asio = boost::asio;

class sqlite_store::impl {
public:
    impl(clock const& now, sqlite_options options, observer& tell)
        : options_(std::move(options)), clock_(now), tell_(tell) {}

    ~impl() {
        stop();
        if (thread_.joinable()) thread_.join();
    }
    impl(impl const&) = delete;
    impl& operator=(impl const&) = delete;

    /// Has `work(subjects, now)` done in a transaction; continues when that is on the disk.
    template <class Outcome, class Work>
    asio::awaitable<result<Outcome>> visit(Work work) {
        place_in_queue place(slots_);
        if (place.number() >= options_.queue_max || stopping_ || !serving_)
            co_return fault::unavailable;
        auto initiate = [this, &work, &place](auto handler) {
            using type = typed_sqlite_step<Outcome, Work, decltype(handler)>;
            auto made = std::make_shared<type>(std::move(work), std::move(handler));
            made->wait(options_.timeout);
            asio::post(context_,
                       [this, entry = waiting{std::move(place), std::move(made)}]() mutable {
                           enqueue(std::move(entry));
                       });
        };
        co_return co_await asio::async_initiate<asio::use_awaitable_t<> const,
                                                void(result<Outcome>)>(initiate,
                                                                       asio::use_awaitable);
    }

    asio::awaitable<std::optional<std::string>> start() {
        place_in_queue const place(slots_);
        if (stopping_) co_return "the store was stopped before it was started";
        start_thread();
        auto open_file = [this] { return open(); };
        co_return co_await net::on_strand(guard_, open_file);
    }

    void stop() {
        if (stopping_.exchange(true)) return;
        asio::post(context_, [this] { finish(); });
    }

    [[nodiscard]] bool serving() const noexcept { return serving_; }
    [[nodiscard]] sqlite_usage usage() const noexcept {
        sqlite_usage figures;
        figures.codes = codes_;
        figures.items = items_;
        figures.steps = steps_;
        figures.commits = commits_;
        return figures;
    }

private:
    /// Signals are for other threads: none interrupts an fsync, and a write beyond the limit of a file's
    /// size is an error instead of the end (SIGXFSZ).
    void start_thread() {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([this] { serve(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    // --- from here on the store's thread -------------------------------------------------------------

    void serve() {
        for (;;) {
            try {
                context_.run();
                return;
            } catch (...) {
                tell_.failed(std::current_exception());
            }
        }
    }

    std::optional<std::string> open() {
        auto opened = open_sqlite(options_.path, options_.cache_bytes);
        if (auto* why = std::get_if<std::string>(&opened)) return std::move(*why);
        database_ = std::get<std::unique_ptr<sqlite_database>>(std::move(opened));
        try {
            subjects_.emplace(*database_, options_.items_max);
            find_time();
        } catch (sqlite_error const& why) {
            close();
            return options_.path + " cannot be used: " + why.what();
        }
        publish();
        serving_ = true;
        tell_.ready(name());
        arm_timer();
        return std::nullopt;
    }

    [[nodiscard]] std::string name() const {
        return std::string("SQLite ") + sqlite3_libversion() + " at sqlite:" + options_.path;
    }

    /// Time goes on from the wall clock's now, or from when it last stood still if that is later: a wall
    /// clock that was put back must not bring a code back to life.
    void find_time() {
        auto const wall =
            std::chrono::floor<store_time::duration>(clock_.wall().time_since_epoch());
        began_ = std::max(store_time(wall), subjects_->latest());
        began_steady_ = clock_.now();
    }
    /// By the steady clock since then: corrections of the wall clock move nothing.
    [[nodiscard]] store_time now() const noexcept {
        return began_ + std::chrono::floor<store_time::duration>(clock_.now() - began_steady_);
    }

    void enqueue(waiting entry) {
        queue_.push_back(std::move(entry));
        schedule_batch();
    }
    /// Behind everything that was posted until now, so that all of it is in the same batch.
    void schedule_batch() {
        if (std::exchange(batch_scheduled_, true)) return;
        asio::post(context_, [this] {
            batch_scheduled_ = false;
            do_batch();
            if (!queue_.empty() || sweep_due_) schedule_batch();
        });
    }

    /// The steps that wait, up to a bound, and a slice of what has expired when it is time for one: they
    /// share the commit.
    void do_batch() {
        auto const count = std::min(queue_.size(), std::max<std::size_t>(1, options_.batch_max));
        auto const end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
        sweep_slice slice;
        auto work = [&] {
            for (auto entry = queue_.begin(); entry != end; ++entry)
                // Nobody waits any more for what has timed out in the queue.
                if (!entry->what->answered()) execute(*entry->what);
            if (sweep_due_) slice = sweep();
        };
        bool const done = serving_ && transact(work);
        if (done) steps_ += count;
        publish();
        for (auto entry = queue_.begin(); entry != end; ++entry)
            if (done)
                entry->what->answer();
            else
                entry->what->fail(fault::unavailable);
        queue_.erase(queue_.begin(), end);
        if (sweep_due_) after_sweep(done, slice);
    }

    void execute(sqlite_step& what) {
        auto const at = now();
        subjects_->turn_to(at);
        what.execute(*subjects_, at);
    }

    sweep_slice sweep() {
        auto const began = std::chrono::steady_clock::now();
        auto const removed = subjects_->sweep(now(), sweep_batch());
        return sweep_slice{removed, std::chrono::steady_clock::now() - began};
    }
    /// The next slice goes behind everything that waits by then.
    void after_sweep(bool done, sweep_slice slice) {
        if (done && slice.removed > 0) tell_.swept(slice);
        sweep_due_ = done && slice.removed >= sweep_batch();
        if (!sweep_due_ && database_) arm_timer();
    }
    [[nodiscard]] std::size_t sweep_batch() const noexcept {
        return std::max<std::size_t>(1, options_.sweep_batch);
    }

    /// True once everything that `work` did is on the disk; otherwise nothing of it is done and the store
    /// is lost.
    template <class Work>
    bool transact(Work work) {
        try {
            subjects_->begin();
            work();
            if (subjects_->commit(now())) ++commits_;
            return true;
        } catch (sqlite_error const& why) {
            lose(why.what());
        } catch (...) {
            tell_.failed(std::current_exception());
            lose("a step failed");
        }
        return false;
    }

    void lose(std::string_view why) {
        subjects_->roll_back();
        if (serving_.exchange(false))
            tell_.lost("sqlite:" + options_.path + ": " + std::string(why));
    }

    void arm_timer() {
        timer_.expires_after(options_.sweep_interval);
        timer_.async_wait([this](boost::system::error_code stopped) {
            if (stopped || !database_) return;
            if (!serving_) return try_again();
            sweep_due_ = true;
            schedule_batch();
        });
    }

    void try_again() {
        try {
            subjects_->try_to_write(now());
            serving_ = true;
            tell_.ready(name());
        } catch (sqlite_error const&) {
            subjects_->roll_back(); // still lost; said so already
        }
        arm_timer();
    }

    void publish() noexcept {
        codes_ = subjects_ ? subjects_->codes() : 0;
        items_ = subjects_ ? subjects_->items() : 0;
    }

    /// Does what waits, then ends. Who took a place before stop() may not have queued yet.
    void finish() {
        if (slots_ != 0) {
            asio::post(context_, [this] { finish(); });
            return;
        }
        serving_ = false;
        timer_.cancel();
        close();
        work_.reset();
    }

    /// The last connection to close moves the log into the file; when that fails, the next start does it.
    void close() noexcept {
        subjects_.reset();
        database_.reset();
    }

    sqlite_options const options_;
    clock const& clock_;
    observer& tell_;

    std::atomic<std::size_t> slots_{0};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> serving_{false}; ///< written on the thread only, as what follows
    std::atomic<std::uint64_t> codes_{0};
    std::atomic<std::uint64_t> items_{0};
    std::atomic<std::uint64_t> steps_{0};
    std::atomic<std::uint64_t> commits_{0};

    asio::io_context context_{1}; // the thread's, as what follows
    net::strand guard_{asio::make_strand(asio::any_io_executor(context_.get_executor()))};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    asio::steady_timer timer_{context_};
    std::unique_ptr<sqlite_database> database_;
    std::optional<sqlite_subjects> subjects_;
    store_time began_;
    steady_time began_steady_;
    std::deque<waiting> queue_;
    bool batch_scheduled_ = false;
    bool sweep_due_ = false; ///< otherwise the timer runs

    std::thread thread_;
};

sqlite_store::sqlite_store(clock const& now, sqlite_options options, observer& tell)
    : impl_(std::make_unique<impl>(now, std::move(options), tell)) {}

sqlite_store::~sqlite_store() = default;

asio::awaitable<result<admit_outcome>> sqlite_store::admit(admission request) {
    auto work = [request = std::move(request)](sqlite_subjects& in, store_time now) mutable {
        return steps::admit(in, request, now);
    };
    co_return co_await impl_->visit<admit_outcome>(std::move(work));
}

asio::awaitable<result<settle_outcome>> sqlite_store::settle(settlement request) {
    auto work = [request = std::move(request)](sqlite_subjects& in, store_time now) mutable {
        return steps::settle(in, request, now);
    };
    co_return co_await impl_->visit<settle_outcome>(std::move(work));
}

asio::awaitable<result<rebook_outcome>> sqlite_store::rebook(rebooking request) {
    auto work = [request = std::move(request)](sqlite_subjects& in, store_time now) {
        return steps::rebook(in, request, now);
    };
    co_return co_await impl_->visit<rebook_outcome>(std::move(work));
}

asio::awaitable<result<update_outcome>> sqlite_store::update(delivery_update request) {
    auto work = [request = std::move(request)](sqlite_subjects& in, store_time now) mutable {
        return steps::update(in, request, now);
    };
    co_return co_await impl_->visit<update_outcome>(std::move(work));
}

asio::awaitable<result<check_outcome>> sqlite_store::check_code(check request) {
    auto work = [request = std::move(request)](sqlite_subjects& in, store_time now) {
        return steps::check_code(in, request, now);
    };
    co_return co_await impl_->visit<check_outcome>(std::move(work));
}

asio::awaitable<result<std::optional<verification>>> sqlite_store::find(verification_address at) {
    auto work = [at](sqlite_subjects& in, store_time now) { return steps::find(in, at, now); };
    co_return co_await impl_->visit<std::optional<verification>>(work);
}

asio::awaitable<result<cancel_outcome>> sqlite_store::cancel(cancellation request) {
    auto work = [request = std::move(request)](sqlite_subjects& in, store_time now) {
        return steps::cancel(in, request, now);
    };
    co_return co_await impl_->visit<cancel_outcome>(std::move(work));
}

asio::awaitable<result<std::vector<std::int64_t>>> sqlite_store::spent(std::vector<budget_key> of) {
    auto work = [of = std::move(of)](sqlite_subjects& in, store_time) {
        return steps::spent(in, of);
    };
    co_return co_await impl_->visit<std::vector<std::int64_t>>(std::move(work));
}

asio::awaitable<result<std::uint64_t>> sqlite_store::live_codes() {
    if (!impl_->serving()) co_return fault::unavailable;
    co_return usage().codes;
}

asio::awaitable<result<std::monostate>> sqlite_store::ping() {
    auto work = [](sqlite_subjects& in, store_time) {
        static_cast<void>(in.latest());
        return std::monostate{};
    };
    co_return co_await impl_->visit<std::monostate>(work);
}

asio::awaitable<std::optional<std::string>> sqlite_store::start() {
    return impl_->start();
}

void sqlite_store::stop() {
    impl_->stop();
}

sqlite_usage sqlite_store::usage() const noexcept {
    return impl_->usage();
}

} // namespace otpd::store
