#pragma once

/// The BridgeXAPI client over HTTPS.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/bridgexapi/observer.hpp"
#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/net/pool_stats.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace otpd::bridgexapi {

struct client_options {
    std::string base_url = "https://hi.bridgexapi.io"; ///< https; http only for loopback hosts
    secret_string api_key;                             ///< trimmed; visible ASCII
    std::string ca_file;                               ///< PEM; empty: the system's certificates
    std::chrono::milliseconds timeout{20'000}; ///< of one call, including its wait for a connection
    /// Resolve, TCP connect and TLS handshake together.
    std::chrono::milliseconds connect_timeout{3'000};
    std::size_t connections_max = 64;
    std::size_t queue_max = 1024;                   ///< calls that may wait for a connection
    std::chrono::milliseconds queue_timeout{5'000}; ///< longest wait for a connection
    std::chrono::milliseconds idle_timeout{30'000};
    std::chrono::milliseconds connection_lifetime{600'000};
    std::chrono::milliseconds probation{200};   ///< see net/reuse_policy.hpp
    std::chrono::milliseconds fresh_min{5'000}; ///< see net/reuse_policy.hpp

    /// Settings keys of [bridgexapi].
    template <class Keys>
    static void declare(Keys keys) {
        using o = client_options;
        keys.add("base_url", &o::base_url, keys.base_url(), "Base URL of BridgeXAPI.")
            .known_as("BRIDGEXAPI_BASE_URL");
        keys.add("api_key", &o::api_key, keys.header_secret(), "The account's API key; required.")
            .known_as("BRIDGEXAPI_API_KEY");
        keys.seconds("timeout", &o::timeout, 0.1, 120,
                     "How long one call to BridgeXAPI may take; may have a fraction.")
            .known_as("BRIDGEXAPI_TIMEOUT");
        keys.whole("connect_timeout_ms", &o::connect_timeout, 50, 60'000,
                   "How long the TCP connect and the TLS handshake may take together.");
        keys.pem_file("ca_file", &o::ca_file,
                      "PEM file of trusted certificate authorities; empty: the system's.");
        keys.whole("connections_max", &o::connections_max, 1, 1024,
                   "Most connections to BridgeXAPI for sends.");
        keys.whole("queue_max", &o::queue_max, 0, 100'000,
                   "Most calls that may wait for a connection; more are refused.");
        keys.whole("idle_timeout_ms", &o::idle_timeout, 100, 600'000,
                   "How long an unused connection stays open.");
    }
};

/// Thread-safe. Must outlive its calls.
class client final : public gateway {
public:
    /// `random` and `observer` must outlive the client. Throws std::invalid_argument for an
    /// unusable base URL or key (the message contains neither), and boost::system::system_error for
    /// an unusable CA file.
    client(boost::asio::any_io_executor executor, client_options options, random_source& random,
           client_observer& observer);
    ~client() override;

    boost::asio::awaitable<send_outcome> send_sms(sms message, deadline until) override;
    boost::asio::awaitable<answer<estimate>> estimate_cost(sms message, deadline until) override;
    boost::asio::awaitable<answer<balance>> get_balance(deadline until) override;
    boost::asio::awaitable<answer<std::vector<route>>> list_routes(deadline until) override;
    boost::asio::awaitable<answer<std::vector<price>>> get_pricing(int route_id,
                                                                   deadline until) override;
    boost::asio::awaitable<answer<delivery_report>> get_delivery(std::string bx_message_id,
                                                                 deadline until) override;
    boost::asio::awaitable<answer<delivery_page>> list_deliveries(delivery_query query,
                                                                  deadline until) override;
    boost::asio::awaitable<answer<delivery_page>> list_order_deliveries(std::string order_id,
                                                                        std::int64_t limit,
                                                                        std::int64_t skip,
                                                                        deadline until) override;

    /// Rejects new calls with shutting_down, lets running calls finish, and aborts them at `until`.
    /// Returns true if none was aborted. Call it once; afterwards the client holds no work.
    boost::asio::awaitable<bool> drain(deadline until);

    /// True when the last connection attempts all failed and the next one is not due yet.
    /// Thread-safe.
    [[nodiscard]] bool known_dead() const noexcept;
    /// Thread-safe.
    [[nodiscard]] net::pool_stats stats() const noexcept;

private:
    struct transport;
    std::unique_ptr<transport> transport_;
};

} // namespace otpd::bridgexapi
