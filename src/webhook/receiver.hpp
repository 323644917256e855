#pragma once

/// An endpoint with its queue, client and state.

#include "endpoint_queue.hpp"
#include "endpoint_url.hpp"
#include "otpd/net/https_client.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace otpd::webhook {

/// Concurrent messages of one endpoint.
inline constexpr std::size_t sent_at_a_time = 4;

/// Logs only the first of several failed connections in a row. Runs on the strand of the client's
/// pool.
class connect_watch final : public net::connect_observer {
public:
    connect_watch(std::string endpoint, telemetry::logger& log) noexcept
        : endpoint_(std::move(endpoint)), log_(log) {}
    void connected(bool session_resumed) override;
    void connect_failed(net::exchange_error why, boost::system::error_code error) override;

private:
    std::string endpoint_;
    telemetry::logger& log_;
    bool told_ = false;
};

/// Lives on its owner's strand, except for members marked otherwise.
struct receiver {
    /// Throws std::invalid_argument if the URL or a secret is invalid.
    receiver(net::strand const& strand, endpoint said, options const& its,
             webhooks::dependencies const& deps);

    // Thread-safe and quick.

    [[nodiscard]] bool wants(otp::event_type kind) const noexcept;
    [[nodiscard]] bool wants(otp::verification_event const& event) const noexcept;

    /// Whether a reload with these leaves it as it is.
    [[nodiscard]] bool is_same(endpoint const& later, options const& later_with) const;

    endpoint const who;
    options const with;
    std::uint32_t const kinds; ///< a bit for each event type that is sent
    endpoint_url const url;
    connect_watch watch;
    net::https_client client;
    endpoint_queue queue;
    boost::asio::steady_timer wake_up;
    std::optional<steady_time> wakes_at;
    std::atomic<bool> off = false;            ///< the endpoint answered 410
    bool failing = false;                     ///< the last attempt failed
    bool dropping = false;                    ///< the queue was recently full
    bool is_retired = false;                  ///< a reload has changed or removed it
    std::shared_ptr<receiver> successor = {}; ///< of the same name; null if it was removed
};

} // namespace otpd::webhook
