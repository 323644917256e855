#pragma once

/// Follows messages after the upstream accepted them. BridgeXAPI has no callbacks, so it is polled.
/// A send of unknown outcome may also show up in its list of messages.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/delivery_reports.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

class journal;

/// A message whose delivery is to be followed.
struct followed_message {
    store::verification_address address;
    bool is_hedge = false; ///< the second message of the verification
    /// The event of the acceptance, or of the outcome `unknown`. Later events are copies of it with
    /// another type and the new facts.
    verification_event event;
    wall_time admitted_at;             ///< used when `event` does not say how long ago that is
    wall_time asked_at;                ///< when the upstream was asked to send
    std::chrono::seconds follow_for{}; ///< from now on
    /// For an unknown outcome: the number to look for in the upstream's list.
    std::optional<phone_number> to;
    /// For an unknown outcome: the budgets that reserved the expected price.
    std::vector<store::budget_key> booked;
    money expected;
    std::uint64_t ticket = 0; ///< of its entry in the journal (journal.hpp)
    /// Another process followed it, which may have stored an update without telling anybody.
    bool is_adopted = false;
};

/// A message as callers see it.
struct delivery_view {
    std::string bx_message_id;
    std::string phone; ///< masked
    store::delivery state = store::delivery::accepted;
    std::string status; ///< in the upstream's spelling
    std::optional<int> route_id;
    std::optional<std::string> order_id;
    std::optional<std::string> error; ///< the upstream's text
    std::string created_at;           ///< in the upstream's format
    wall_time asked_at;               ///< when this became known
};

/// DELIVERED is delivered. FAILED, EXPIRED, REJECTED and UNDELIVERED are failed. All other words
/// are not final. Case is ignored, because the vendor publishes no list.
[[nodiscard]] store::delivery state_of(std::string_view upstream_status) noexcept;
[[nodiscard]] delivery_view view_of(bridgexapi::delivery_report const& report, wall_time asked_at);
/// Returns a snake_case word: queued, accepted, unknown, delivered, failed.
[[nodiscard]] std::string_view to_string(store::delivery) noexcept;

/// What the domain needs from a follower of messages.
class delivery_follower {
public:
    virtual ~delivery_follower() = default;
    /// Starts to follow a message; ignores one that it follows already. Called from any thread
    /// within a request; never waits.
    virtual void follow(followed_message message) noexcept = 0;
    /// Whether reports are read, and a message that is accepted now is followed: only then does a
    /// missing report say something. Thread-safe.
    [[nodiscard]] virtual bool hears_reports() const noexcept { return true; }
    /// Returns the last report of a message that is or was followed; nullopt when none is kept.
    virtual boost::asio::awaitable<std::optional<delivery_view>>
    last_report(std::string bx_message_id) = 0;
};

struct tracker_options {
    bool enabled = true;
    std::chrono::milliseconds first_look{2000}; ///< after the acceptance
    /// Between two polls of all open messages, with a jitter of a tenth.
    std::chrono::milliseconds interval{2500};
    /// Between two requests to the upstream, whatever is open: fewer than two per second in all.
    std::chrono::milliseconds request_spacing{550};
    std::size_t open_max = 50'000;    ///< messages followed at a time; further ones are ignored
    std::size_t reports_max = 10'000; ///< last reports that are kept of messages no longer followed
    std::int64_t page_max = 1000; ///< messages requested per page; fewer when the upstream says so
    std::chrono::milliseconds timeout{10'000}; ///< of one request
    /// A send of unknown outcome is considered not sent if the upstream's list does not show it
    /// this long after the upstream was asked, in at least three polls.
    std::chrono::seconds absent_after{60};
    /// How far the upstream's clock may be off when a message is identified by its time.
    std::chrono::seconds clock_tolerance{5};
    /// How long after the request a send of unknown outcome may have been made: no send takes
    /// longer. None counts as absent before.
    std::chrono::seconds send_max{30};

    /// Settings keys of [delivery].
    template <class Keys>
    static void declare(Keys keys) {
        using o = tracker_options;
        keys.flag("enabled", &o::enabled,
                  "Whether otpd polls BridgeXAPI for the delivery of accepted messages.")
            .at_restart();
        keys.whole("interval_ms", &o::interval, 500, 60'000,
                   "Time between two polls of all open messages.")
            .at_restart();
        keys.whole("open_max", &o::open_max, 1, 1'000'000,
                   "Most messages followed at a time; further ones are not.", "messages")
            .at_restart();
        keys.whole("page_max", &o::page_max, 1, 10'000, "Most messages that one poll requests.",
                   "messages")
            .at_restart();
    }
};

/// Follows messages with the upstream's list, newest first, in large pages. A message missing from
/// the list is requested by its order or id, one of unknown outcome by its number. While the list
/// is long, its delivered messages are requested separately in between, if the upstream supports
/// the filter. Runs on its own strand; all members are thread-safe.
class delivery_tracker final : public delivery_follower {
public:
    /// All references must outlive the tracker.
    struct dependencies {
        store::store& store;
        bridgexapi::reader& upstream;
        clock const& now;
        random_source& random;
        delivery_reports const& reports;
        journal* open_messages = nullptr; ///< null: a restart forgets them
    };

    delivery_tracker(boost::asio::any_io_executor executor, tracker_options options,
                     dependencies deps);
    ~delivery_tracker() override;

    void follow(followed_message message) noexcept override;
    [[nodiscard]] bool hears_reports() const noexcept override;
    boost::asio::awaitable<std::optional<delivery_view>>
    last_report(std::string bx_message_id) override;

    /// Follows a message that another process followed. Returns false, and does nothing, if this
    /// one follows none or too many: then another instance follows it.
    [[nodiscard]] bool take_over(followed_message message);
    /// Stops to follow the messages of the journal, which other instances follow now.
    void forget_journal() noexcept;
    /// Starts to poll the upstream while messages are open.
    void start();
    /// Soon afterwards the executor has no work of the tracker left.
    void stop();

    [[nodiscard]] std::size_t open() const noexcept; ///< messages followed now

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
