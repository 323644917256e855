#pragma once

/// Marks a thread as the only one that runs an io_context.

#include <boost/asio/execution_context.hpp>

#include <utility>

namespace otpd::net {

/// During its lifetime, this thread is the only one that runs `context`, so state on that context's
/// strands needs no executor hop. Create, use and destroy it on that thread.
class single_threaded_scope {
public:
    explicit single_threaded_scope(boost::asio::execution_context const& context) noexcept
        : before_(std::exchange(of_this_thread(), &context)) {}
    ~single_threaded_scope() { of_this_thread() = before_; }
    single_threaded_scope(single_threaded_scope const&) = delete;
    single_threaded_scope& operator=(single_threaded_scope const&) = delete;

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
