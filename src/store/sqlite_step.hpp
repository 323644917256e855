#pragma once

/// A call on its way to the SQLite store's thread and back to where it came from.

#include "sqlite_subjects.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace otpd::store {

namespace asio = boost::asio;

/// A step that waits for its turn and then for its commit, or for its time to run out.
class sqlite_step {
public:
    virtual ~sqlite_step() = default;
    sqlite_step() = default;
    sqlite_step(sqlite_step const&) = delete;
    sqlite_step& operator=(sqlite_step const&) = delete;

    /// On the store's thread. What comes of it is kept until answer().
    virtual void execute(sqlite_subjects& in, store_time now) = 0;
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
class typed_sqlite_step final
    : public sqlite_step,
      public std::enable_shared_from_this<typed_sqlite_step<Outcome, Work, Handler>> {
public:
    typed_sqlite_step(Work work, Handler handler)
        : work_(std::move(work)), handler_(std::move(handler)),
          home_(asio::get_associated_executor(handler_)), timer_(home_.get_executor()) {}

    /// Begins to wait; before anybody else knows of this step.
    void wait(duration timeout) {
        timer_.expires_after(timeout);
        timer_.async_wait([self = this->shared_from_this()](boost::system::error_code stopped) {
            if (!stopped) self->fail(fault::timed_out);
        });
    }

    void execute(sqlite_subjects& in, store_time now) override { outcome_ = work_(in, now); }
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
class place_in_queue {
public:
    explicit place_in_queue(std::atomic<std::size_t>& taken) noexcept
        : taken_(&taken), number_(taken.fetch_add(1)) {}
    ~place_in_queue() {
        if (taken_ != nullptr) taken_->fetch_sub(1);
    }
    place_in_queue(place_in_queue&& other) noexcept
        : taken_(std::exchange(other.taken_, nullptr)), number_(other.number_) {}
    place_in_queue& operator=(place_in_queue&& other) noexcept {
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
    place_in_queue place;
    std::shared_ptr<sqlite_step> what;
};

} // namespace otpd::store
