#pragma once

/// Sends verification events to other servers, signed according to Standard Webhooks (webhook-id,
/// webhook-timestamp, webhook-signature; HMAC-SHA-256).
///
/// No request waits for a webhook. Each endpoint has its own bounded queue and sends a few messages
/// concurrently. When the queue is full, the oldest message is dropped, counted and logged. With an
/// outbox, messages outlive the process: each is sent at least once, always with the same id. A
/// failed message is retried after 5 s, 30 s, 2 min, 10 min, 30 min, 2 h and 6 h (each with jitter)
/// until the endpoint answers 2xx. 410 disables the endpoint until the restart, or until a reload
/// changes it.
///
/// Each event is one message, with the same id for all endpoints and attempts. A redirect is a
/// failure. A Retry-After (seconds or a date, at most 6 h) that is longer than the pause applies to
/// all messages of the endpoint.
///
/// Endpoints use https. The addresses of a name are checked for each connection, which then uses
/// the checked address. It must be public (not loopback, private, link-local, multicast, mapped and
/// so on) unless the endpoint allows others.

#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/telemetry/forward.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::webhook {

/// Names as in type_of().
inline constexpr std::array<std::string_view, 6> event_types{
    "verification.accepted", "verification.delivered", "verification.failed",
    "verification.verified", "verification.exhausted", "verification.blocked"};

/// Plain data: the operator's settings, already validated.
struct endpoint {
    std::string name; ///< 1..32 of [a-z0-9_-]; unique
    std::string url;  ///< https; http to a loopback host if that is allowed
    /// 1 to 4 secrets of 24 to 64 bytes, decoded from "whsec_" and base64. Each one signs, so there
    /// are two signatures while one secret replaces the other.
    std::vector<secret_string> secrets;
    std::vector<std::string> events; ///< of event_types; empty: all
    std::string client;              ///< only this client's events; empty: all
    bool allow_private = false;
    std::string ca_file;       ///< PEM; empty: the system's
    secret_digest ca_digest{}; ///< of the file's content: another one makes another endpoint

    friend bool operator==(endpoint const&, endpoint const&) = default;

    /// Settings keys of [[webhook]].
    template <class Keys>
    static void declare(Keys keys) {
        using o = endpoint;
        keys.add("name", &o::name, keys.table_name(), "Its name in the log and in metrics.")
            .needed("crm");
        keys.add("url", &o::url, keys.webhook_url(),
                 "URL that messages are posted to; its path and query are never shown.")
            .needed("https://crm.shop.example/hooks/otp")
            .hidden();
        keys.add("secrets", &o::secrets, keys.signing_secrets(),
                 "Keys of the signatures (echo whsec_$(openssl rand -base64 32)); several while "
                 "one is being replaced.")
            .needed("whsec_VGhpcyBpcyBhbiBleGFtcGxlLCBtYWtlIG9uZSE=");
        keys.add("events", &o::events, keys.some_of(event_types),
                 "Events that are posted; empty: all.")
            .like("verification.delivered,verification.failed");
        keys.add("client", &o::client, keys.client_name(),
                 "The client whose verifications' events are posted; if unset: every client's.")
            .like("shop");
        keys.flag("allow_private", &o::allow_private,
                  "Whether the server may have an address that is not public, such as 10.0.0.1; "
                  "if unset: false.")
            .like("false");
        keys.pem_file("ca_file", &o::ca_file,
                      "PEM file of certificate authorities trusted for it; if unset: the system's.")
            .like("/etc/otpd/crm-ca.pem");
    }
};

/// "verification.accepted" and so on. Empty for events that are not sent (admitted, step_left,
/// wrong ...).
[[nodiscard]] std::string_view type_of(otp::event_type) noexcept;

struct options {
    /// Messages of one endpoint, including those that wait for a retry.
    std::size_t queue_max = 1000;
    std::chrono::milliseconds timeout{10'000}; ///< of one attempt
    /// Divides every pause between attempts, for tests.
    std::uint32_t hurry = 1;

    friend bool operator==(options const&, options const&) = default;

    /// Settings keys of [webhooks].
    template <class Keys>
    static void declare(Keys keys) {
        keys.whole(
            "queue_max", &options::queue_max, 1, 100'000,
            "Most messages that may wait for one [[webhook]]; above that, the oldest is dropped.",
            "messages");
        keys.whole("timeout_ms", &options::timeout, 100, 60'000,
                   "How long one attempt to post a message may take.");
    }
};

/// Keeps messages until they are delivered or given up. Thread-safe; never waits.
class outbox {
public:
    using id = std::array<std::byte, 16>; ///< of a message

    virtual ~outbox() = default;
    /// Returns a ticket; 0 if it is not kept.
    virtual std::uint64_t keep(id const& of, std::string text) noexcept = 0;
    virtual void forget(std::uint64_t ticket) noexcept = 0;
};

/// Thread-safe. Sends nothing before start().
class webhooks final : public otp::outbox_observer {
public:
    /// All references must outlive this object and the context of `executor`. The constructor
    /// throws when a CA file is unusable, and std::invalid_argument when a URL is invalid or a
    /// secret is not decoded.
    struct dependencies {
        clock const& now;
        random_source& random;
        telemetry::logger& log;
        telemetry::metrics& metrics;
        outbox* kept_in = nullptr; ///< null: messages end with the process
        telemetry::tracer* spans = nullptr;
    };

    webhooks(boost::asio::any_io_executor executor, std::vector<endpoint> endpoints, options with,
             dependencies deps);
    ~webhooks() override;

    [[nodiscard]] bool wants(otp::event_type kind) const noexcept override;
    void on_event(otp::verification_event const& event) noexcept override;
    [[nodiscard]] std::string text_of(otp::verification_event const& event) const override;

    /// Prepares other endpoints and options, after a reload; throws like the constructor. Calling
    /// the result exchanges them. Then the messages of an endpoint that stays go where it is now,
    /// and those of one that is gone are given up. Not for concurrent use.
    [[nodiscard]] std::function<void()> prepare(std::vector<endpoint> endpoints, options with);

    /// Sends a message that another process, or a step of the store, has kept. Returns false, and
    /// does nothing, if it is for no endpoint of this one.
    [[nodiscard]] bool take_over(std::uint64_t ticket, outbox::id const& id, std::string_view text);

    void start();
    /// Stops queueing messages. Messages that are being sent or are due may end within `limit`;
    /// those that wait for a retry are dropped, unless an outbox keeps them. Soon afterwards the
    /// executor has no work of this object left. Call it once.
    boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

/// Returns the webhook-signature: for each secret "v1," and the base64 MAC of
/// `id.timestamp.payload`, separated by spaces.
[[nodiscard]] std::string sign(std::vector<secret_string> const& secrets, std::string_view id,
                               std::int64_t timestamp, std::string_view payload);

} // namespace otpd::webhook
