#include "otpd/store/sqlite_store.hpp"

#include "otpd/net/on_strand.hpp"
#include "sqlite_numbers.hpp"
#include "sqlite_schema.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <thread>
#include <variant>

namespace otpd::store {

namespace asio = boost::asio;

namespace {

/// A step that waits for its turn and then for its commit, or for its time to run out.
class step {
public:
    virtual ~step() = default;
    step() = default;
    step(step const&) = delete;
    step& operator=(step const&) = delete;

    /// On the store's thread. What comes of it is kept until answer().
    virtual void execute(sqlite_numbers& numbers, store_time now) = 0;
    virtual void answer() = 0;
    virtual void fail(fault why) = 0;
    [[nodiscard]] bool answered() const noexcept { return answered_; }

protected:
    /// True for the first who asks, and only that one may answer.
    bool claim() noexcept { return !answered_.exchange(true); }

private:
    std::atomic<bool> answered_{false};
};

template <class Outcome, class Work, class Handler>
class typed_step final : public step,
                         public std::enable_shared_from_this<typed_step<Outcome, Work, Handler>> {
public:
    typed_step(Work work, Handler handler)
        : work_(std::move(work)), handler_(std::move(handler)),
          home_(asio::get_associated_executor(handler_)), timer_(home_.get_executor()) {}

    /// Begins to wait; before anybody else knows of this step.
    void wait(duration timeout) {
        timer_.expires_after(timeout);
        timer_.async_wait([self = this->shared_from_this()](boost::system::error_code stopped) {
            if (!stopped) self->fail(fault::timed_out);
        });
    }

    void execute(sqlite_numbers& numbers, store_time now) override {
        outcome_ = work_(numbers, now);
    }
    void answer() override {
        if (outcome_)
            complete(*std::move(outcome_));
        else
            fail(fault::timed_out); // it was answered before its turn came
    }
    void fail(fault why) override { complete(why); }

private:
    void complete(result<Outcome> with) {
        if (!claim()) return;
        auto home = home_.get_executor();
        auto leave = [self = this->shared_from_this(), with = std::move(with)]() mutable {
            self->timer_.cancel();
            self->home_.reset();
            auto handler = std::move(self->handler_);
            self.reset();
            std::move(handler)(std::move(with));
        };
        asio::post(home, std::move(leave));
    }

    using executor = asio::associated_executor_t<Handler>;
    Work work_;
    Handler handler_;
    asio::executor_work_guard<executor>
        home_; ///< the caller's; it has nothing else to do meanwhile
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, executor>
        timer_;
    std::optional<Outcome> outcome_;
};

/// A place among the steps that are not answered yet.
class slot {
public:
    explicit slot(std::atomic<std::size_t>& taken) noexcept
        : taken_(&taken), number_(taken.fetch_add(1)) {}
    ~slot() {
        if (taken_ != nullptr) taken_->fetch_sub(1);
    }
    slot(slot&& other) noexcept
        : taken_(std::exchange(other.taken_, nullptr)), number_(other.number_) {}
    slot& operator=(slot&& other) noexcept {
        std::swap(taken_, other.taken_);
        std::swap(number_, other.number_);
        return *this;
    }

    /// How many were taken before.
    [[nodiscard]] std::size_t number() const noexcept { return number_; }

private:
    std::atomic<std::size_t>* taken_;
    std::size_t number_;
};

struct waiting {
    slot place;
    std::shared_ptr<step> what;
};

} // namespace

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

    /// Has `work(numbers, now)` done in a transaction; continues when that is on the disk.
    template <class Outcome, class Work>
    asio::awaitable<result<Outcome>> visit(Work work) {
        slot place(slots_);
        if (place.number() >= options_.queue_max || stopping_ || !serving_)
            co_return fault::unavailable;
        auto initiate = [this, &work, &place](auto handler) {
            using type = typed_step<Outcome, Work, decltype(handler)>;
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
        slot const place(slots_);
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
            numbers_.emplace(*database_, options_.items_max);
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
        began_ = std::max(store_time(wall), numbers_->latest());
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
                if (!entry->what->answered()) entry->what->execute(*numbers_, now());
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

    sweep_slice sweep() {
        auto const began = std::chrono::steady_clock::now();
        auto const removed = numbers_->sweep(now(), sweep_batch());
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
            numbers_->begin();
            work();
            if (numbers_->commit(now())) ++commits_;
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
        numbers_->roll_back();
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
            numbers_->try_to_write(now());
            serving_ = true;
            tell_.ready(name());
        } catch (sqlite_error const&) {
            numbers_->roll_back(); // still lost; said so already
        }
        arm_timer();
    }

    void publish() noexcept {
        codes_ = numbers_ ? numbers_->codes() : 0;
        items_ = numbers_ ? numbers_->items() : 0;
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
        numbers_.reset();
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
    std::optional<sqlite_numbers> numbers_;
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
    auto work = [request = std::move(request)](sqlite_numbers& numbers, store_time now) mutable {
        return numbers.admit(request, now);
    };
    co_return co_await impl_->visit<admit_outcome>(std::move(work));
}

asio::awaitable<result<settle_outcome>> sqlite_store::settle(settlement request) {
    auto work = [request = std::move(request)](sqlite_numbers& numbers, store_time now) mutable {
        return numbers.settle(request, now);
    };
    co_return co_await impl_->visit<settle_outcome>(std::move(work));
}

asio::awaitable<result<check_outcome>> sqlite_store::check_code(check request) {
    auto work = [request = std::move(request)](sqlite_numbers& numbers, store_time now) {
        return numbers.check_code(request, now);
    };
    co_return co_await impl_->visit<check_outcome>(std::move(work));
}

asio::awaitable<result<std::uint64_t>> sqlite_store::live_codes() {
    if (!impl_->serving()) co_return fault::unavailable;
    co_return usage().codes;
}

asio::awaitable<result<std::monostate>> sqlite_store::ping() {
    auto work = [](sqlite_numbers& numbers, store_time) {
        static_cast<void>(numbers.latest());
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
