#pragma once

/// Sends the messages of receivers: when they are due, and what follows from each answer.

#include "attempt.hpp"
#include "receiver.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>

namespace otpd::webhook {

using receiver_ptr = std::shared_ptr<receiver>;

/// Owned by a shared_ptr; attempts keep it alive. Lives on the strand, except for members marked
/// otherwise.
class sender : public std::enable_shared_from_this<sender> {
public:
    sender(net::strand strand, webhooks::dependencies deps)
        : strand_(std::move(strand)), deps_(deps) {}

    /// Called whenever a receiver may have become idle. Set it before start().
    std::function<void(receiver_ptr const&)> on_progress;

    /// Sends nothing before.
    void start() noexcept { started_ = true; }
    /// A message that fails from now on is not tried again. Any thread.
    void close() noexcept { closed_ = true; }
    [[nodiscard]] bool is_closed() const noexcept {
        return closed_.load(std::memory_order_relaxed);
    }
    /// Begins no attempt from now on. Any thread.
    void end() noexcept { ended_ = true; }

    /// For `to`, or for who has succeeded it.
    void add(receiver_ptr to, queued message);
    /// Sends the due messages and arms the timer for the rest.
    void pump(receiver_ptr const& to);
    /// A reload has changed the receiver, or removed it (no successor): what waits goes to its
    /// successor, or is given up.
    void retire(receiver_ptr const& old, receiver_ptr successor);
    /// At the end, what an outbox keeps is left to the next process.
    void give_up_waiting(receiver& to);
    /// Returns whether no message is being sent and none is due.
    [[nodiscard]] bool is_idle(receiver const& to) const;
    void broken(std::exception_ptr const& thrown);

private:
    void enqueue(receiver_ptr const& at, queued message);
    void arm(receiver_ptr const& at);
    void send(receiver_ptr const& to, queued queued);
    boost::asio::awaitable<void> attempt(receiver_ptr at, queued queued);
    void delivered(receiver& to, queued const& ended);
    void failed(receiver_ptr const& at, queued queued, verdict const& why);
    void turn_off(receiver& to);
    void give_up(queued const& message);
    void forget(queued const& ended) noexcept;

    net::strand const strand_;
    webhooks::dependencies const deps_;
    std::atomic<bool> closed_ = false;
    std::atomic<bool> ended_ = false;
    bool started_ = false;
};

} // namespace otpd::webhook
