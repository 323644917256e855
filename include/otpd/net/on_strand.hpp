#pragma once

/// The only way to enter a strand that guards state, and to leave it again.
///
/// Two obvious alternatives are wrong in Asio's model. `co_await post(strand, deferred)` does not
/// move the coroutine to the strand at all. `co_await co_spawn(strand, …)` does, but the caller
/// then resumes on the strand, so the rest of each request is serialised with all others. Here only
/// the operation runs on the strand, and the caller resumes on its own executor.

#include "otpd/net/single_threaded_scope.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace otpd::net {

using strand = boost::asio::strand<boost::asio::any_io_executor>;

/// Returns whether this thread is the only one that runs what `guard` serialises.
[[nodiscard]] inline bool is_single_threaded(strand const& guard) {
    return single_threaded_scope::runs(boost::asio::query(guard, boost::asio::execution::context));
}

namespace detail {

/// An operation that a strand runs, stored in the frame of the caller that awaits it. The caller
/// and the strand each arrive once; the second to arrive resumes the caller.
template <class Operation>
class strand_visit {
public:
    using value = std::invoke_result_t<Operation&>;

    explicit strand_visit(Operation& operation) noexcept : operation_(operation) {}
    strand_visit(strand_visit const&) = delete;
    strand_visit& operator=(strand_visit const&) = delete;

    /// The handler that is posted to the strand. If it is destroyed without being called, as at the
    /// end of its context, it destroys the caller too.
    class ticket {
    public:
        explicit ticket(strand_visit& of) noexcept : of_(&of) {}
        ticket(ticket&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        ticket(ticket const&) = delete;
        ticket& operator=(ticket const&) = delete;
        ~ticket() {
            if (of_ != nullptr) of_->drop();
        }
        void operator()() { std::exchange(of_, nullptr)->run(); }

    private:
        strand_visit* of_;
    };

    // The following members are called by the caller.

    [[nodiscard]] bool is_done() const noexcept { return stage_ == stage::done; }
    template <class Handler>
    void wait(Handler handler) {
        // The guard keeps the caller's executor running, which may have no other work meanwhile.
        home_.emplace(boost::asio::get_associated_executor(handler));
        resume_ = std::move(handler);
        if (stage_.exchange(stage::awaited) == stage::done) let_go();
    }
    value take() {
        if (auto* const thrown = std::get_if<2>(&result_))
            std::rethrow_exception(std::move(*thrown));
        return std::move(std::get<1>(result_));
    }

private:
    enum class stage : std::uint8_t { on_its_way, awaited, done };

    /// Runs on the strand. Afterwards the caller may have resumed and destroyed this object.
    void run() {
        try {
            result_.template emplace<1>(operation_());
        } catch (...) {
            result_.template emplace<2>(std::current_exception());
        }
        if (stage_.exchange(stage::done) == stage::awaited) let_go();
    }
    /// The handler owns the caller's frame, which contains this object.
    void drop() noexcept {
        if (stage_ != stage::awaited) return;
        auto const home = std::move(home_);
        auto const owner = std::move(resume_);
    }
    /// Uses post, because dispatch could resume the caller inside the strand.
    void let_go() {
        auto const home = *std::move(home_);
        auto resume = std::move(resume_);
        boost::asio::post(home.get_executor(), std::move(resume));
    }

    Operation& operation_;
    std::variant<std::monostate, value, std::exception_ptr> result_;
    std::atomic<stage> stage_ = stage::on_its_way;
    std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> home_;
    boost::asio::any_completion_handler<void()> resume_;
};

} // namespace detail

/// Runs `operation` on `guard` and returns its result on the caller's own executor.
///
///   - `operation` is an ordinary function, so it cannot suspend while it owns the state.
///   - It lives in the caller's coroutine frame until the result is available, so it may capture
///     the caller's locals by reference.
///   - Its exception is rethrown to the caller.
///   - If the strand is free, a thread of its context runs the operation at once without suspending
///     the caller. The only thread of a context (single_threaded_scope) always does so.
///   - Cancelling the caller does not stop an operation on its way. Its effect will happen, so its
///     result is always delivered.
template <std::invocable Operation>
    requires(!std::is_void_v<std::invoke_result_t<Operation&>>)
boost::asio::awaitable<std::invoke_result_t<Operation&>> on_strand(strand guard,
                                                                   Operation operation) {
    if (is_single_threaded(guard)) co_return operation();
    detail::strand_visit<Operation> visit(operation);
    boost::asio::dispatch(guard, typename detail::strand_visit<Operation>::ticket(visit));
    if (!visit.is_done()) {
        auto initiate = [&visit](auto handler) { visit.wait(std::move(handler)); };
        co_await boost::asio::async_initiate<boost::asio::deferred_t const, void()>(
            initiate, boost::asio::deferred);
    }
    co_return visit.take();
}

} // namespace otpd::net
