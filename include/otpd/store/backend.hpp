#pragma once

/// A store with background work. Its owner starts, stops and observes it.

#include "otpd/store/shared_secrets.hpp"
#include "otpd/store/store.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::store {

/// One slice of the sweeper's work.
struct sweep_slice {
    std::size_t removed = 0; ///< items
    std::chrono::steady_clock::duration elapsed{};
};

/// Observes background work. Called from any thread. Implementations must be quick and must not
/// throw.
class observer {
public:
    virtual ~observer() = default;
    virtual void swept(sweep_slice) noexcept {}
    /// The store answers from now on. `what` names the store and its location, without secrets.
    virtual void ready([[maybe_unused]] std::string_view what) noexcept {}
    /// The store no longer answers, because of `why`. It reconnects by itself.
    virtual void lost([[maybe_unused]] std::string_view why) noexcept {}
    /// The clock of the store's server jumped by this much. The store follows it.
    virtual void clock_jumped([[maybe_unused]] duration by) noexcept {}
    /// Background work ended with an exception: a bug.
    virtual void failed(std::exception_ptr) noexcept {}

    /// An observer that ignores everything.
    static observer& none() noexcept {
        static observer nobody;
        return nobody;
    }
};

/// Returns a completion handler for background work (co_spawn) that reports its exception.
[[nodiscard]] inline auto reports_failure(observer& to) {
    return [&to](std::exception_ptr thrown) {
        if (thrown) to.failed(thrown);
    };
}

/// A store with its own threads, connections or timers.
class backend : public store, public journal_store, public override_store {
public:
    /// Starts background work. Returns nullopt, or one line for the operator: why the store cannot
    /// be used with this configuration. An unreachable store is no such reason: it is retried, and
    /// all calls fail until it answers.
    virtual boost::asio::awaitable<std::optional<std::string>> start() = 0;

    /// Checks whether an instance with these secrets may use the store; the first instance decides.
    /// Call it after each ready(), because the server may be a different one.
    virtual boost::asio::awaitable<result<agreement>> agree(shared_secrets secrets) = 0;

    /// Stops background work. Soon afterwards the executor has no work of the store left.
    /// Thread-safe.
    virtual void stop() = 0;
};

} // namespace otpd::store
