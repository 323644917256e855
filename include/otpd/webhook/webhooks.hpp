#pragma once

/// Sends events of verifications to others' servers, signed as Standard Webhooks says (webhook-id,
/// webhook-timestamp, webhook-signature; HMAC-SHA-256).
///
/// No request waits for a webhook: events are queued, and each endpoint has a queue of its own,
/// with a few messages under way at a time. A message is tried again after 5 s, 30 s, 2 min, 10
/// min, 30 min, 2 h and 6 h (each with jitter) until the endpoint answers 2xx; 410 turns the
/// endpoint off until the restart. The queue is bounded and in memory: when it is full, the oldest
/// message is dropped, counted and logged.
///
/// An event is a message with one id, the same for every endpoint and every attempt. A redirect is
/// a failure. A Retry-After (seconds or a date, 6 h at most) that is longer than the pause holds
/// for all messages of the endpoint.
///
/// Endpoints are https. The addresses of a name are checked when a connection is made, and the
/// checked address is the one that is connected to. It must be public (not loopback, private,
/// link-local, multicast, mapped and so on) unless the endpoint allows others.

#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/otp/verification_event.hpp"

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

namespace otpd::telemetry {
class logger;
class metrics;
} // namespace otpd::telemetry

namespace otpd::webhook {

/// Data only; the operator's choice, already validated.
struct endpoint {
    std::string name; ///< 1..32 of [a-z0-9_-], unique
    std::string url;  ///< https; http to a loopback host when that is allowed
    /// The 24 to 64 bytes that "whsec_" and base64 stand for, decoded. Each signs: while one
    /// replaces the other there are two signatures. 1..4.
    std::vector<secret_string> secrets;
    std::vector<std::string> events; ///< names as in type_of(); empty: all
    std::string client;              ///< of this client only; empty: of all
    bool allow_private = false;
    std::string ca_file; ///< PEM; empty: the system's
};

/// "verification.accepted" and so on; empty for events that are not sent (admitted, step_left,
/// wrong ...).
[[nodiscard]] std::string_view type_of(otp::event_type) noexcept;

struct options {
    std::size_t queue_max =
        1000; ///< messages of one endpoint, those that wait to be tried again included
    std::chrono::milliseconds timeout{10'000}; ///< of one try
    /// Tests shorten it: divides every pause between tries.
    std::uint32_t hurry = 1;

    /// Keys of [webhooks] in the settings.
    template <class Keys>
    static void declare(Keys keys) {
        keys.whole("queue_max", &options::queue_max, 1, 100'000,
                   "Messages that may wait for one [[webhook]]; then the oldest is given up.",
                   "messages");
        keys.whole("timeout_ms", &options::timeout, 100, 60'000,
                   "For one try to hand over a message.");
    }
};

/// From any thread. Nothing is sent before start().
class webhooks final : public otp::observer {
public:
    /// Everything must outlive it and whatever runs `executor`. The constructor throws when a CA
    /// file cannot be used, and std::invalid_argument when a URL is none or a secret is not
    /// decoded.
    struct dependencies {
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };

    webhooks(boost::asio::any_io_executor executor, std::vector<endpoint> endpoints, options with,
             dependencies deps);
    ~webhooks() override;

    [[nodiscard]] bool wants(otp::event_type kind) const noexcept override;
    void on_event(otp::verification_event const& event) noexcept override;

    void start();
    /// Queues nothing more. Messages that are being sent or are due may end until the deadline;
    /// those that wait for another attempt are dropped. Soon afterwards the executor has no work of
    /// it left. To be called once.
    boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// The value of webhook-signature: "v1," and base64 of the MAC of `id.timestamp.payload`, for each
/// secret, with spaces between them.
[[nodiscard]] std::string sign(std::vector<secret_string> const& secrets, std::string_view id,
                               std::int64_t timestamp, std::string_view payload);

} // namespace otpd::webhook
