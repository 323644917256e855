#pragma once

/// The messages of one endpoint that are not done with: those that wait, each until its time, and
/// those that are being sent. Bounded: the oldest that waits makes room for a new one.
///
/// Knows no clock and no thread: lives on its owner's strand.

#include "otpd/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace otpd::webhook {

/// The same for every endpoint and every try.
struct message {
    std::string id;
    std::string_view type; ///< of type_of(): never dies
    std::string payload;
};

/// A message of one endpoint.
struct queued {
    std::shared_ptr<message const> webhook;
    unsigned tries = 0;    ///< so far
    std::uint64_t age = 0; ///< grows with each message that came
};

class endpoint_queue {
public:
    /// `messages_max` >= 1.
    explicit endpoint_queue(std::size_t messages_max) noexcept : messages_max_(messages_max) {}

    /// False when that cost an older message (`webhook` itself when all others are being sent).
    bool push(std::shared_ptr<message const> webhook, steady_time now);
    /// The one whose time came first. To be followed by one of put_back() and done().
    [[nodiscard]] std::optional<queued> take(steady_time now);
    void put_back(queued tried, steady_time due);
    void done() noexcept { --taken_; }

    /// Nothing is taken until then: the receiver asked for it.
    void rest_until(steady_time until) noexcept;
    /// When take() has something; nothing while nothing waits.
    [[nodiscard]] std::optional<steady_time> next_due() const;

    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() + taken_; }
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    /// Gives up all that waits; how many that were.
    std::size_t clear() noexcept;

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
    std::map<std::uint64_t, waiting> waiting_; ///< by age: the oldest first
    std::set<std::pair<steady_time, std::uint64_t>> by_due_;
};

} // namespace otpd::webhook
