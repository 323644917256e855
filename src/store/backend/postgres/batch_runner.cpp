#include "backend/postgres/batch_runner.hpp"

#include <utility>

namespace otpd::store::postgres {

namespace asio = boost::asio;

asio::awaitable<bool> batch_runner::run(flight& batch, flight_listener& listener) {
    batch_ = &batch;
    listener_ = &listener;
    auto const loaded = co_await load();
    if (loaded != transaction_end::done) {
        batch.changes.status = commit::outcome::not_executed;
        listener.loaded(batch);
        co_return connection_.is_open();
    }
    auto const& time = transaction_.time();
    clock_.follow(time.sent, time.received, time.told);
    listener.loaded(batch); // this runs the steps
    auto const end = co_await transaction_.commit(batch, statement_deadline(timeout_));
    if (end == transaction_end::lost) {
        doubt_end_ = std::chrono::steady_clock::now() + timeout_;
        co_return false;
    }
    if (end == transaction_end::done) upkeep_.add_rows(transaction_.rows_made());
    co_await transaction_.roll_back(statement_deadline(timeout_));
    answer(end);
    co_return connection_.is_open();
}

/// Loads again if others conflict with the batch.
asio::awaitable<transaction_end> batch_runner::load() {
    constexpr int loads_max = 3;
    auto end = transaction_end::again;
    for (int loads = 0; end == transaction_end::again && loads < loads_max; ++loads) {
        end = co_await transaction_.load(*batch_, statement_deadline(timeout_));
        if (end == transaction_end::done) break;
        bool const is_there = co_await transaction_.roll_back(statement_deadline(timeout_));
        if (!is_there) end = transaction_end::lost;
    }
    co_return end;
}

asio::awaitable<void> batch_runner::settle_doubt(bool is_last_chance) {
    if (!doubt_end_) co_return;
    bool const is_late = is_last_chance || std::chrono::steady_clock::now() >= *doubt_end_;
    auto end = transaction_end::lost;
    if (connection_.is_open()) end = co_await transaction_.look_up(statement_deadline(timeout_));
    if (end == transaction_end::lost && !is_late) co_return;
    if (end == transaction_end::refused) end = transaction_end::lost; // it cannot be known
    doubt_end_.reset();
    answer(end);
}

void batch_runner::answer(transaction_end end) {
    auto& changes = batch_->changes;
    if (end == transaction_end::again) changes.failed.assign(changes.groups, true);
    if (end == transaction_end::refused) changes.status = commit::outcome::not_executed;
    if (end == transaction_end::lost) changes.status = commit::outcome::unknown;
    listener_->committed(*batch_);
}

} // namespace otpd::store::postgres
