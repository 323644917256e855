#pragma once

/// Sends spans to a collector: OTLP/HTTP with JSON encoding.

#include "otpd/core/deadline.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/https_client.hpp"
#include "otpd/otp/periodic.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/otlp.hpp"
#include "settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <span>

namespace otpd::app {

/// Each second, or as soon as a full request waits, it sends what the tracer has, one request after
/// the other. What the collector does not take within its time is dropped.
class otlp_exporter final : private net::connect_observer {
public:
    /// The arguments must outlive it. Throws if the CA file is unusable.
    otlp_exporter(boost::asio::any_io_executor const& executor, tracing_settings const& settings,
                  telemetry::tracer& spans, random_source& random, telemetry::logger& log);

    void start();
    /// Sends what is left, until the deadline. Call it once, after start().
    boost::asio::awaitable<void> drain(deadline until);

private:
    void connected(bool) override {}
    void connect_failed(net::exchange_error, boost::system::error_code error) override;

    boost::asio::awaitable<steady_time::duration> run();
    boost::asio::awaitable<void> send_all();
    boost::asio::awaitable<bool> send(std::span<telemetry::span const> spans);

    telemetry::span_source const source_;
    telemetry::tracer& spans_;
    telemetry::logger& log_;
    net::https_client collector_;
    otp::periodic loop_;
    steady_time sent_at_{}; // in the loop
    std::atomic<bool> is_failing_{false};
    std::atomic<bool> is_draining_{false};
    std::atomic<bool> has_ended_{false};
};

} // namespace otpd::app
