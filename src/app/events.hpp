#pragma once

/// Turns the reports of the listeners, the upstream client and the store into log lines, metrics
/// and spans. Thread-safe, like these.

#include "otpd/bridgexapi/observer.hpp"
#include "otpd/bridgexapi/route_gates.hpp"
#include "otpd/http/observer.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "otpd/telemetry/tracer.hpp"

#include <atomic>
#include <cstdint>

namespace otpd::app {

class http_events final : public http::observer {
public:
    http_events(telemetry::logger& log, telemetry::metrics& metrics,
                telemetry::tracer& spans) noexcept
        : log_(log), metrics_(metrics), spans_(spans) {}

    trace_context begin_trace(std::string_view listener,
                              std::optional<trace_context> const& given) noexcept override;
    void request_finished(http::request_record const& record) noexcept override;
    void connection_opened(std::string_view listener) noexcept override;
    void connection_closed(std::string_view listener) noexcept override;
    void connection_refused(std::string_view listener, http::refusal why,
                            boost::asio::ip::address const& client,
                            bool answered) noexcept override;
    void connection_evicted(std::string_view listener) noexcept override;
    void accept_failed(std::string_view listener, boost::system::error_code why,
                       bool backing_off) noexcept override;
    void framing_rejected(std::string_view listener, std::string_view kind) noexcept override;
    void wrong_token(std::string_view listener, std::string_view answer) noexcept override;
    void wrong_tokens_slowed(std::string_view listener,
                             boost::asio::ip::address const& client) noexcept override;
    void handler_failed(std::string_view listener, std::string_view request_id,
                        trace_context const& trace, std::exception_ptr thrown) noexcept override;
    void handler_timed_out(std::string_view listener, std::string_view request_id,
                           trace_context const& trace) noexcept override;
    void connection_failed(std::string_view listener, std::exception_ptr thrown) noexcept override;

private:
    void log_request(http::request_record const& record) noexcept;
    [[nodiscard]] bool has_span(http::request_record const& record) noexcept;
    [[nodiscard]] static telemetry::span span_of(http::request_record const& record);

    telemetry::logger& log_;
    telemetry::metrics& metrics_;
    telemetry::tracer& spans_;
};

class upstream_events final : public bridgexapi::client_observer {
public:
    upstream_events(telemetry::logger& log, telemetry::metrics& metrics,
                    telemetry::tracer& spans) noexcept
        : log_(log), metrics_(metrics), spans_(spans) {}

    void call_ended(bridgexapi::call_report const& report) override;
    void connected(bool session_resumed) override;
    void connect_failed(bridgexapi::reason why, std::string const& error) override;
    void stopped_reusing(std::chrono::milliseconds for_how_long) override;

private:
    [[nodiscard]] static telemetry::span span_of(bridgexapi::call_report const& report);

    telemetry::logger& log_;
    telemetry::metrics& metrics_;
    telemetry::tracer& spans_;
};

class route_events final : public bridgexapi::route_gate_observer {
public:
    explicit route_events(telemetry::logger& log) noexcept : log_(log) {}

    void opened(int route_id, bridgexapi::reason why,
                std::chrono::milliseconds for_how_long) override;
    void closed(int route_id) override;

private:
    telemetry::logger& log_;
};

class store_events final : public store::observer {
public:
    store_events(telemetry::logger& log, telemetry::metrics& metrics) noexcept
        : log_(log), metrics_(metrics) {}

    void swept(store::sweep_slice slice) noexcept override;
    void ready(std::string_view what) noexcept override;
    void lost(std::string_view why) noexcept override;
    void clock_jumped(store::duration by) noexcept override;
    void failed(std::exception_ptr thrown) noexcept override;

    /// How often the store has become ready so far.
    [[nodiscard]] std::uint64_t times_ready() const noexcept { return times_ready_; }

private:
    telemetry::logger& log_;
    telemetry::metrics& metrics_;
    std::atomic<std::uint64_t> times_ready_{0};
};

/// The message of an exception.
[[nodiscard]] std::string what_of(std::exception_ptr const& thrown);

} // namespace otpd::app
