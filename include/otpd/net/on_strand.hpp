#pragma once

/// The only way onto a strand that guards state, and off it again.
///
/// Two forms that look right are not (measured with Boost 1.88 and true of Asio's model): `co_await
/// post(strand, deferred)` does not move the coroutine to the strand at all, and `co_await
/// co_spawn(strand, …)` moves it there but leaves the caller's continuation on it, so the rest of
/// the request is serialised with everybody's. Here the operation alone runs on the strand and the
/// caller goes on where it was.

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

/// Whether this thread alone runs what `guard` serialises.
[[nodiscard]] inline bool is_single_threaded(strand const& guard) {
    return single_threaded_scope::runs(boost::asio::query(guard, boost::asio::execution::context));
}

namespace detail {

/// One operation that a strand runs, in the frame of the caller that waits for it. The caller and
/// the strand each arrive once; the second of them resumes the caller.
template <class Operation>
class strand_visit {
public:
    using value = std::invoke_result_t<Operation&>;

    explicit strand_visit(Operation& operation) noexcept : operation_(operation) {}
    strand_visit(strand_visit const&) = delete;
    strand_visit& operator=(strand_visit const&) = delete;

    /// The handler that is posted to the strand. When it is destroyed without being called, as at
    /// the end of its context, the caller is destroyed, too.
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

    // Where the caller is.

    [[nodiscard]] bool is_done() const noexcept { return stage_ == stage::done; }
    template <class Handler>
    void wait(Handler handler) {
        // The caller's executor has nothing else to do meanwhile: without the guard it might stop.
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

    /// On the strand. Afterwards the caller may have gone on, and this be gone.
    void run() {
        try {
            result_.template emplace<1>(operation_());
        } catch (...) {
            result_.template emplace<2>(std::current_exception());
        }
        if (stage_.exchange(stage::done) == stage::awaited) let_go();
    }
    /// The handler owns the caller's frame, in which this is.
    void drop() noexcept {
        if (stage_ != stage::awaited) return;
        auto const home = std::move(home_);
        auto const owner = std::move(resume_);
    }
    /// post, not dispatch: a dispatch could resume the caller from inside the strand.
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
/// - `operation` is an ordinary function: it cannot suspend while it owns the state.
/// - It is kept in the caller's coroutine frame, which stays alive until the result is there, so it
///   may capture the caller's locals by reference.
/// - An exception it throws is rethrown to the caller.
/// - When the strand is free, a thread of its context runs the operation at once, and the caller is
///   not suspended. The only thread of a context (single_threaded_scope) always does.
/// - Cancelling the caller does not stop an operation on its way: its effect will happen, so its
///   result is always delivered.
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
