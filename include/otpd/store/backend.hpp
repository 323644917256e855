#pragma once

/// A store with a life of its own: its owner starts it, stops it and observes it.

#include "otpd/store/shared_secrets.hpp"
#include "otpd/store/store.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::store {

/// One slice of a sweeper's work.
struct sweep_slice {
    std::size_t removed = 0; ///< items
    std::chrono::steady_clock::duration elapsed{};
};

/// Observes what goes on beside the requests. Called from any thread; must be quick and not throw.
class observer {
public:
    virtual ~observer() = default;
    virtual void swept(sweep_slice) noexcept {}
    /// The store answers from now on; `what` says which store it is and where, without any secret.
    virtual void ready([[maybe_unused]] std::string_view what) noexcept {}
    /// The store no longer answers, for the reason given; it reconnects by itself.
    virtual void lost([[maybe_unused]] std::string_view why) noexcept {}
    /// The clock of the store's server was turned by so much; the store follows it.
    virtual void clock_jumped([[maybe_unused]] duration by) noexcept {}
    /// Background work died of an exception: a bug.
    virtual void failed(std::exception_ptr) noexcept {}

    /// One that does not listen.
    static observer& none() noexcept {
        static observer nobody;
        return nobody;
    }
};

/// A completion handler for background work (co_spawn) that reports its exception.
[[nodiscard]] inline auto reports_failure(observer& to) {
    return [&to](std::exception_ptr thrown) {
        if (thrown) to.failed(thrown);
    };
}

/// A store with threads, connections or timers of its own.
class backend : public store {
public:
    /// Starts what runs beside the requests. Returns nothing, or one line for the operator: why
    /// this store cannot be used as it is set up. A store that cannot be reached yet is no such
    /// reason: it is tried again, and every call fails until it answers.
    virtual boost::asio::awaitable<std::optional<std::string>> start() = 0;

    /// Whether an instance with these secrets may use this store; the first instance decides. Call
    /// it after each ready(): the server may be another one.
    virtual boost::asio::awaitable<result<agreement>> agree(shared_secrets secrets) = 0;

    /// Ends what start() began; soon afterwards the executor has no work of the store left. From
    /// any thread.
    virtual void stop() = 0;
};

} // namespace otpd::store
