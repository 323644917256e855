#pragma once

/// Marks a thread as the only one that runs an io_context.

#include <boost/asio/execution_context.hpp>

#include <utility>

namespace otpd::net {

/// While it lives, this thread is the only one that runs `context`. So no hop is needed to reach
/// what the strands of that context guard. Made, used and destroyed on that thread.
class sole_runner {
public:
    explicit sole_runner(boost::asio::execution_context const& context) noexcept
        : before_(std::exchange(of_this_thread(), &context)) {}
    ~sole_runner() { of_this_thread() = before_; }
    sole_runner(sole_runner const&) = delete;
    sole_runner& operator=(sole_runner const&) = delete;

    [[nodiscard]] static bool runs(boost::asio::execution_context const& context) noexcept {
        return of_this_thread() == &context;
    }

private:
    static boost::asio::execution_context const*& of_this_thread() noexcept {
        thread_local boost::asio::execution_context const* context = nullptr;
        return context;
    }

    boost::asio::execution_context const* before_;
};

} // namespace otpd::net
