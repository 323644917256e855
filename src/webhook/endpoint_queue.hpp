#pragma once

/// The open messages of one endpoint: those that wait for their time, and those being sent. The
/// queue is bounded: a new message displaces the oldest waiting one.
///
/// It has no clock and no thread: it lives on its owner's strand.

#include "otpd/core/clock.hpp"
#include "otpd/core/trace.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::webhook {

/// The same for all endpoints and attempts.
struct message {
    std::string id;
    std::string type; ///< as in type_of()
    std::string payload;
    trace_context trace{}; ///< of the request that caused it; an outbox does not keep it
};

/// A message for one endpoint.
struct queued {
    std::shared_ptr<message const> webhook;
    unsigned tries = 0;       ///< attempts so far
    std::uint64_t age = 0;    ///< sequence number: the oldest message has the lowest
    std::uint64_t ticket = 0; ///< in the outbox
};

class endpoint_queue {
public:
    /// `messages_max` >= 1.
    explicit endpoint_queue(std::size_t messages_max) noexcept : messages_max_(messages_max) {}

    /// Returns the message that was dropped for it (or itself if all others are being sent).
    std::optional<queued> push(queued fresh, steady_time now);
    /// Takes the message with the earliest due time. Call put_back() or done() afterwards.
    [[nodiscard]] std::optional<queued> take(steady_time now);
    void put_back(queued tried, steady_time due);
    void done() noexcept {
        if (taken_ > 0) --taken_; // an attempt that throws after it calls it again
    }

    /// Delays all messages, because the receiver asked for it.
    void rest_until(steady_time until) noexcept;
    /// When take() will return a message; nullopt while none waits.
    [[nodiscard]] std::optional<steady_time> next_due() const;

    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() + taken_; }
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    /// Drops and returns all waiting messages.
    std::vector<queued> clear();

private:
    struct waiting {
        queued message;
        steady_time due;
    };
    void wait(queued queued, steady_time due);

    std::size_t messages_max_;
    std::size_t taken_ = 0;
    std::uint64_t came_ = 0;
    steady_time rest_until_ = steady_time::min();
    std::map<std::uint64_t, waiting> waiting_; ///< by age, the oldest first
    std::set<std::pair<steady_time, std::uint64_t>> by_due_;
};

} // namespace otpd::webhook
