#include "batched_store.hpp"

#include "engine_step.hpp"
#include "otpd/net/run_on.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace otpd::store {

namespace asio = boost::asio;

namespace {

/// Wakes the coroutine that waits for the step.
template <auto Rules, class Request>
class awaited_step final : public engine_step<Rules, Request> {
public:
    using engine_step<Rules, Request>::engine_step;

    void finish(std::optional<step_fault> why) noexcept override {
        engine_step<Rules, Request>::finish(why);
        wake_up();
    }
    void fail(std::exception_ptr thrown) noexcept override {
        engine_step<Rules, Request>::fail(std::move(thrown));
        wake_up();
    }

    /// Runs on the strand. Returns when the step has ended, which the deadline enforces. A
    /// cancelled caller also waits, because the outcome of a request must be known.
    asio::awaitable<bool> submit(batch& batches, net::strand guard, steady_time deadline) {
        timer_.emplace(guard, deadline);
        try {
            batches.submit(*this, deadline);
            while (!this->is_done()) {
                co_await timer_->async_wait(asio::as_tuple(asio::deferred));
                if (!this->is_done() && std::chrono::steady_clock::now() >= deadline)
                    batches.expire(deadline);
            }
        } catch (...) { // no memory to wait with
            batches.withdraw(*this);
            throw;
        }
        co_return true;
    }

private:
    void wake_up() noexcept {
        if (timer_) timer_->cancel();
    }

    std::optional<asio::steady_timer> timer_; ///< while the step is waited for
};

} // namespace

batched_store::batched_store(asio::any_io_executor const& executor, backend_io& io,
                             batch_options options, std::chrono::milliseconds timeout,
                             batching when)
    : timeout_(timeout), batching_(when), batch_(io, prepare(std::move(options), when)),
      guard_(asio::make_strand(executor)) {}

batch_options batched_store::prepare(batch_options options, batching when) {
    if (when == batching::yield_to_ready_handlers) options.pump_later = [this] { pump_later(); };
    return options;
}

/// Queues behind the steps that a batch has just answered. Otherwise the first of them would go on
/// alone and the others would wait for its batch. The store outlives the posted handler, because a
/// caller waits for each unfinished step.
void batched_store::pump_later() {
    if (pump_is_posted_) return;
    // Queues behind every handler that is ready to submit, not only behind those that wait for the
    // strand already.
    asio::post(guard_.get_inner_executor(), [this] {
        asio::post(guard_, [this] {
            pump_is_posted_ = false;
            batch_.pump();
        });
    });
    pump_is_posted_ = true; // the handler runs on the strand, after this function
}

/// Operations that may fail for lack of memory come before the batches have the step, or are caught
/// while it waits.
template <auto Rules, class Answer, class Request>
asio::awaitable<result<Answer>> batched_store::run(Request request) {
    awaited_step<Rules, Request> step(request);
    auto const deadline = std::chrono::steady_clock::now() + timeout_;
    auto submit_step = [this, &step, deadline] {
        batch_.submit(step, deadline);
        return true;
    };
    if (batching_ == batching::at_once && net::is_single_threaded(guard_)) {
        submit_step();
    } else if (batching_ == batching::at_once) {
        co_await net::on_strand(guard_, submit_step);
    } else {
        auto waiting = step.submit(batch_, guard_, deadline);
        co_await net::run_on(guard_, std::move(waiting));
    }
    co_return step.take();
}

asio::awaitable<result<admit_outcome>> batched_store::admit(admission request) {
    return run<engine::admit, admit_outcome>(std::move(request));
}

asio::awaitable<result<settle_outcome>> batched_store::settle(settlement request) {
    return run<engine::settle, settle_outcome>(std::move(request));
}

asio::awaitable<result<replace_outcome>>
batched_store::replace_reservation(reservation_replacement request) {
    return run<engine::replace_reservation, replace_outcome>(std::move(request));
}

asio::awaitable<result<update_outcome>> batched_store::update(delivery_update request) {
    return run<engine::update, update_outcome>(std::move(request));
}

asio::awaitable<result<check_outcome>> batched_store::check_code(check request) {
    return run<engine::check_code, check_outcome>(std::move(request));
}

asio::awaitable<result<std::optional<verification>>> batched_store::find(verification_address at) {
    return run<engine::find, std::optional<verification>>(at);
}

asio::awaitable<result<cancel_outcome>> batched_store::cancel(cancellation request) {
    return run<engine::cancel, cancel_outcome>(std::move(request));
}

asio::awaitable<result<released>> batched_store::release_number(release request) {
    return run<engine::release_number, released>(request);
}

asio::awaitable<result<inspected>> batched_store::inspect(inspection request) {
    return run<engine::inspect, inspected>(std::move(request));
}

asio::awaitable<result<std::vector<std::int64_t>>>
batched_store::spent(std::vector<budget_key> budgets) {
    return run<engine::spent, std::vector<std::int64_t>>(std::move(budgets));
}

asio::awaitable<result<score_answer>> batched_store::scores(score_read request) {
    co_return co_await run<engine::scores, score_answer>(request);
}

asio::awaitable<result<agreement>> batched_store::agree(shared_secrets secrets) {
    return run<engine::agree, agreement>(std::move(secrets));
}

asio::awaitable<result<journals_held>> batched_store::claim_journals(journal_claim request) {
    co_return co_await run<engine::claim_journals, journals_held>(request);
}

asio::awaitable<result<std::monostate>>
batched_store::write_journal(std::vector<journal_write> writes) {
    co_return co_await run<engine::write_journal, std::monostate>(writes);
}

asio::awaitable<result<std::vector<journal_entry>>> batched_store::read_journal(journal_page page) {
    co_return co_await run<engine::read_journal, std::vector<journal_entry>>(page);
}

asio::awaitable<result<std::vector<destination_override>>> batched_store::overrides() {
    return run<engine::overrides, std::vector<destination_override>>(override_read());
}

asio::awaitable<result<override_outcome>> batched_store::change_override(override_change request) {
    return run<engine::change_override, override_outcome>(std::move(request));
}

asio::awaitable<batch_stats> batched_store::stats() {
    auto look = [this] { return batch_.stats(); };
    co_return co_await net::on_strand(guard_, look);
}

} // namespace otpd::store
