#pragma once

/// A server-backed store that runs on its own threads, so that a test can block on an answer or on
/// a server.

#include "batched_store.hpp"
#include "coroutines.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace otpd::test {

template <class Backend, class Options>
class driven_store final : public store::observer {
public:
    explicit driven_store(Options options)
        : store_(loop_.get_executor(), std::move(options), *this),
          unusable_(run(context_, store_.start())) {}
    ~driven_store() override {
        store_.stop();
        work_.reset();
        for (auto& thread : threads_)
            thread.join();
    }

    Backend& operator*() noexcept { return store_; }
    Backend* operator->() noexcept { return &store_; }
    /// The context of the test's own coroutines.
    boost::asio::io_context& context() noexcept { return context_; }
    /// The result of start().
    [[nodiscard]] std::optional<std::string> const& unusable() const noexcept { return unusable_; }

    store::result<store::admit_outcome> admit(store::admission request) {
        return run(context_, store_.admit(std::move(request)));
    }
    store::result<store::settle_outcome> settle(store::settlement request) {
        return run(context_, store_.settle(std::move(request)));
    }
    store::result<store::replace_outcome>
    replace_reservation(store::reservation_replacement request) {
        return run(context_, store_.replace_reservation(std::move(request)));
    }
    store::result<store::update_outcome> update(store::delivery_update request) {
        return run(context_, store_.update(std::move(request)));
    }
    store::result<std::vector<std::int64_t>> spent(std::vector<store::budget_key> of) {
        return run(context_, store_.spent(std::move(of)));
    }
    store::result<store::score_answer> scores(store::score_read request) {
        return run(context_, store_.scores(std::move(request)));
    }
    store::result<store::check_outcome> check(store::check request) {
        return run(context_, store_.check_code(std::move(request)));
    }
    store::result<std::optional<store::verification>> find(store::verification_address at) {
        return run(context_, store_.find(at));
    }
    store::result<store::cancel_outcome> cancel(store::verification_address at) {
        store::cancellation request{at, {}};
        return run(context_, store_.cancel(std::move(request)));
    }
    bool answers() { return run(context_, store_.ping()).has_value(); }
    store::batch_stats stats() { return run(context_, store_.stats()); }

    void swept(store::sweep_slice slice) noexcept override { swept_rows += slice.removed; }
    void ready(std::string_view what) noexcept override {
        if (times_ready == 0) first_ready_ = what;
        ++times_ready;
    }
    void lost(std::string_view why) noexcept override {
        // Read only after times_lost shows that it is set.
        if (times_lost == 0) why_first_lost_ = why;
        ++times_lost;
    }
    void clock_jumped(store::duration by) noexcept override { jumped_by = by.count(); }
    void failed(std::exception_ptr) noexcept override { failed_ = true; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Valid after the first of each event.
    [[nodiscard]] std::string const& first_ready() const noexcept { return first_ready_; }
    [[nodiscard]] std::string const& why_first_lost() const noexcept { return why_first_lost_; }

    std::atomic<int> times_ready{0};
    std::atomic<int> times_lost{0};
    std::atomic<std::int64_t> jumped_by{0}; ///< milliseconds of the last jump
    std::atomic<std::size_t> swept_rows{0};

private:
    boost::asio::io_context context_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    std::atomic<bool> failed_{false};
    std::string first_ready_;
    std::string why_first_lost_;
    Backend store_;
    std::array<std::jthread, 2> threads_{std::jthread([this] { loop_.run(); }),
                                         std::jthread([this] { loop_.run(); })};
    std::optional<std::string> unusable_;
};

} // namespace otpd::test
