#pragma once

/// A store that runs the engine's steps in batches on one strand. The backends differ in their
/// backend_io, and in how they start and stop.

#include "backend_io.hpp"
#include "batch.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/store/backend.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>

namespace otpd::store {

/// When waiting steps become a batch.
enum class batching : std::uint8_t {
    at_once,                ///< each step is answered before submit() returns
    yield_to_ready_handlers ///< where a batch is expensive
};

class batched_store : public backend {
public:
    boost::asio::awaitable<result<admit_outcome>> admit(admission request) final;
    boost::asio::awaitable<result<settle_outcome>> settle(settlement request) final;
    boost::asio::awaitable<result<replace_outcome>>
    replace_reservation(reservation_replacement request) final;
    boost::asio::awaitable<result<update_outcome>> update(delivery_update request) final;
    boost::asio::awaitable<result<check_outcome>> check_code(check request) final;
    boost::asio::awaitable<result<std::optional<verification>>> find(verification_address at) final;
    boost::asio::awaitable<result<cancel_outcome>> cancel(cancellation request) final;
    boost::asio::awaitable<result<released>> release_number(release request) final;
    boost::asio::awaitable<result<inspected>> inspect(inspection request) final;
    boost::asio::awaitable<result<std::vector<std::int64_t>>>
    spent(std::vector<budget_key> budgets) final;
    boost::asio::awaitable<result<score_answer>> scores(score_read request) final;
    boost::asio::awaitable<result<agreement>> agree(shared_secrets secrets) final;
    boost::asio::awaitable<result<journals_held>> claim_journals(journal_claim request) final;
    boost::asio::awaitable<result<std::monostate>>
    write_journal(std::vector<journal_write> writes) final;
    boost::asio::awaitable<result<std::vector<journal_entry>>>
    read_journal(journal_page page) final;
    boost::asio::awaitable<result<std::vector<destination_override>>> overrides() final;
    boost::asio::awaitable<result<override_outcome>> change_override(override_change request) final;

    /// A snapshot of the numbers of batches, steps and repeated steps. Any thread.
    boost::asio::awaitable<batch_stats> stats();

protected:
    /// `io` is not used before the first step, and only on the strand; it must live as long as the
    /// store. `timeout` bounds one step, from its call to its answer.
    batched_store(boost::asio::any_io_executor const& executor, backend_io& io,
                  batch_options options, std::chrono::milliseconds timeout,
                  batching when = batching::at_once);

    /// The strand of the batches and of `io`.
    [[nodiscard]] net::strand const& guard() const noexcept { return guard_; }
    /// Used on the strand.
    [[nodiscard]] batch& steps() noexcept { return batch_; }

private:
    template <auto Rules, class Answer, class Request>
    boost::asio::awaitable<result<Answer>> run(Request request);

    [[nodiscard]] batch_options prepare(batch_options options, batching when);
    void pump_later();

    std::chrono::milliseconds const timeout_;
    batching const batching_;
    bool pump_is_posted_ = false;
    batch batch_;
    net::strand guard_;
};

} // namespace otpd::store
