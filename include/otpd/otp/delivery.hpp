#pragma once

/// What became of a message after the upstream took it. BridgeXAPI calls nobody back, so somebody
/// has to ask; and a send whose outcome nobody knows may show up in its list of messages.

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

/// A message to learn the fate of.
struct followed_message {
    store::verification_address address;
    /// Of the acceptance, or of the outcome `unknown`: what is told later is a copy of it with
    /// another `what`, and what became known.
    verification_event event;
    wall_time admitted_at;             ///< where `told` does not say how long ago that is
    wall_time asked_at;                ///< the upstream, for the send
    std::chrono::seconds follow_for{}; ///< from now on
    /// With an unknown outcome: looked for in the upstream's list.
    std::optional<phone_number> to;
    /// With an unknown outcome: what the send's expected price was taken from.
    std::vector<store::budget_key> booked;
    money expected;
};

/// As callers see it.
struct delivery_view {
    std::string bx_message_id;
    std::string phone; ///< masked
    store::delivery state = store::delivery::accepted;
    std::string status; ///< the upstream's own word
    std::optional<int> route_id;
    std::optional<std::string> order_id;
    std::optional<std::string> error; ///< the upstream's own
    std::string created_at;           ///< as the upstream writes it
    wall_time asked_at;               ///< when this was learned
};

/// DELIVERED; FAILED, EXPIRED, REJECTED, UNDELIVERED; every other word is not final. Without regard
/// to case (the vendor publishes no list).
[[nodiscard]] store::delivery state_of(std::string_view upstream_status) noexcept;
[[nodiscard]] delivery_view view_of(bridgexapi::delivery_report const& report, wall_time asked_at);
/// snake_case: queued, accepted, unknown, delivered, failed.
[[nodiscard]] std::string_view to_string(store::delivery) noexcept;

/// What the domain needs of whoever follows messages.
class delivery_follower {
public:
    virtual ~delivery_follower() = default;
    /// From any thread, within a request: never waits. Nothing when it is followed already.
    virtual void follow(followed_message message) noexcept = 0;
    /// The last report on a message that is or was followed; nothing when there is none (any more).
    virtual boost::asio::awaitable<std::optional<delivery_view>>
    last_report(std::string bx_message_id) = 0;
};

struct tracker_options {
    bool enabled = true;
    std::chrono::milliseconds first_look{2000}; ///< after the acceptance
    /// Between two looks at everything that is open, with jitter of a tenth.
    std::chrono::milliseconds interval{2500};
    /// Between two requests to the upstream, whatever is open: under two a second in all.
    std::chrono::milliseconds request_spacing{550};
    std::size_t open_max = 50'000; ///< messages followed at a time; further ones are not
    std::size_t reports_max =
        10'000; ///< last reports kept of messages that are not followed any more
    std::int64_t page_max =
        1000; ///< messages asked for in one request; less when the upstream says so
    std::chrono::milliseconds timeout{10'000}; ///< of a request
    /// A send of unknown outcome that the upstream's list does not show so long after it was asked
    /// for, in at least three looks, was none.
    std::chrono::seconds absent_after{60};
    /// How far the upstream's clock may be off when a message is recognised by its time.
    std::chrono::seconds clock_tolerance{5};

    /// Keys of [delivery] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        using o = tracker_options;
        keys.flag("enabled", &o::enabled, "Asks BridgeXAPI what became of the messages it took.");
        keys.whole("interval_ms", &o::interval, 500, 60'000,
                   "Between two looks at all messages that are open.");
        keys.whole("open_max", &o::open_max, 1, 1'000'000,
                   "Messages followed at a time; further ones are not.", "messages");
        keys.whole("page_max", &o::page_max, 1, 10'000, "Messages asked for in one request.",
                   "messages");
    }
};

/// Follows messages by the upstream's list, newest first, a page of many for each request; one that
/// the list does not show is asked for by its order or id, one of unknown outcome by its number.
/// While the list is long, its delivered messages are asked for in between, if the upstream can
/// tell them apart. On a strand of its own; every member from any thread.
class delivery_tracker final : public delivery_follower {
public:
    /// Everything must outlive it.
    struct dependencies {
        store::store& store;
        bridgexapi::reader& upstream;
        clock const& now;
        random_source& random;
        delivery_reports const& reports;
    };

    delivery_tracker(boost::asio::any_io_executor executor, tracker_options options,
                     dependencies deps);
    ~delivery_tracker() override;

    void follow(followed_message message) noexcept override;
    boost::asio::awaitable<std::optional<delivery_view>>
    last_report(std::string bx_message_id) override;

    /// Asks the upstream from now on, as long as something is open.
    void start();
    /// The executor then soon has no work of it left.
    void stop();

    [[nodiscard]] std::size_t open() const noexcept; ///< messages followed now

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
