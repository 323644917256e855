#pragma once

/// A PostgreSQL store that runs on a thread of its own, so that a test can wait for an answer, or for a
/// server, with nothing else to do.

#include "backend/postgres/postgres_backend.hpp"
#include "coroutines.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace otpd::test {

class driven_postgres final : public store::observer {
public:
    explicit driven_postgres(store::postgres_options options)
        : store_(loop_.get_executor(), std::move(options), *this),
          unusable_(run(context_, store_.start())) {}
    ~driven_postgres() override {
        store_.stop();
        work_.reset();
        thread_.join();
    }

    store::postgres_backend& operator*() noexcept { return store_; }
    store::postgres_backend* operator->() noexcept { return &store_; }
    /// For the test's own coroutines.
    boost::asio::io_context& context() noexcept { return context_; }
    /// What start() said.
    [[nodiscard]] std::optional<std::string> const& unusable() const noexcept { return unusable_; }

    store::result<store::admit_outcome> admit(store::admission request) {
        return run(context_, store_.admit(std::move(request)));
    }
    store::result<store::check_outcome> check(store::check request) {
        return run(context_, store_.check_code(std::move(request)));
    }
    store::result<std::vector<std::int64_t>> spent(std::vector<store::budget_key> of) {
        return run(context_, store_.spent(std::move(of)));
    }
    store::result<std::optional<store::verification>> find(store::verification_address at) {
        return run(context_, store_.find(at));
    }
    bool answers() { return run(context_, store_.ping()).has_value(); }
    store::batch_stats stats() { return run(context_, store_.stats()); }

    void swept(store::sweep_slice slice) noexcept override { swept_rows += slice.removed; }
    void ready(std::string_view what) noexcept override {
        if (times_ready == 0) first_ready_ = what;
        ++times_ready;
    }
    void lost(std::string_view why) noexcept override {
        if (times_lost == 0) why_first_lost_ = why; // read once times_lost says that it is there
        ++times_lost;
    }
    void failed(std::exception_ptr) noexcept override { failed_ = true; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// After the first of them.
    [[nodiscard]] std::string const& first_ready() const noexcept { return first_ready_; }
    [[nodiscard]] std::string const& why_first_lost() const noexcept { return why_first_lost_; }

    std::atomic<int> times_ready{0};
    std::atomic<int> times_lost{0};
    std::atomic<std::size_t> swept_rows{0};

private:
    boost::asio::io_context context_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    std::atomic<bool> failed_{false};
    std::string first_ready_;
    std::string why_first_lost_;
    store::postgres_backend store_;
    std::jthread thread_{[this] { loop_.run(); }};
    std::optional<std::string> unusable_;
};

} // namespace otpd::test
