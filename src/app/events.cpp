#include "events.hpp"

#include "otpd/http/address_text.hpp"

namespace otpd::app {

namespace {

std::int64_t microseconds(std::chrono::steady_clock::duration elapsed) {
    return std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
}

} // namespace

std::string what_of(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (std::exception const& e) {
        return e.what();
    } catch (...) {
        return "not a std::exception";
    }
}

/// The admin listener begins no traces: scrapes would fill the collector.
trace_context http_events::begin_trace(std::string_view listener,
                                       std::optional<trace_context> const& given) noexcept {
    return listener == "api" || given ? spans_.begin(given) : trace_context();
}

void http_events::request_finished(http::request_record const& record) noexcept {
    metrics_.http_request(record.route, http::to_string(record.verb), record.status,
                          record.handling);
    if (has_span(record)) spans_.record([&] { return span_of(record); });
    if (log_.enabled(telemetry::level::info)) log_request(record);
}

/// Anybody can set the flag of a trace, and choose its id. So for a stranger's trace a chance
/// decides that is as that of a request without one.
bool http_events::has_span(http::request_record const& record) noexcept {
    bool const is_trace_of_stranger = record.parent_span != span_id() && !record.is_identified;
    if (!record.trace.is_recorded || !is_trace_of_stranger) return record.trace.is_recorded;
    return begin_trace(record.listener, std::nullopt).is_recorded;
}

/// Names and attributes of spans are those of OpenTelemetry's semantic conventions, as far as it
/// has some.
telemetry::span http_events::span_of(http::request_record const& record) {
    std::string const verb(http::to_string(record.verb));
    telemetry::span request;
    request.context = record.trace;
    request.parent = record.parent_span;
    request.kind = telemetry::span_kind::server;
    request.name = verb + ' ';
    request.name += record.route;
    request.began = record.received;
    request.ended = record.received + record.handling;
    request.attributes = {{"http.request.method", verb},
                          {"http.route", std::string(record.route)},
                          {"http.response.status_code", std::int64_t{record.status}}};
    constexpr unsigned server_error = 500;
    if (record.status >= server_error) request.error = std::to_string(record.status);
    return request;
}

void http_events::log_request(http::request_record const& record) noexcept {
    auto const log = [&](auto... from) {
        log_.info("request", {{"request_id", record.request_id},
                              {"trace_id", record.trace},
                              {"listener", record.listener},
                              {"method", http::to_string(record.verb)},
                              {"route", record.route},
                              {"status", record.status},
                              {"us", microseconds(record.handling)},
                              {"sent", record.sent},
                              {"peer", http::to_text(record.peer)},
                              from...});
    };
    if (record.client == record.peer)
        log();
    else
        log(telemetry::field("client", http::to_text(record.client)));
}

void http_events::connection_opened(std::string_view listener) noexcept {
    metrics_.connection_opened(listener);
}

void http_events::connection_closed(std::string_view listener) noexcept {
    metrics_.connection_closed(listener);
}

void http_events::connection_refused(std::string_view listener, http::refusal why,
                                     boost::asio::ip::address const& client,
                                     bool answered) noexcept {
    auto const reason = why == http::refusal::full ? "full" : "address";
    metrics_.connection_refused(listener, reason);
    log_.warn("connection_refused", {{"listener", listener},
                                     {"reason", reason},
                                     {"client", http::to_text(client)},
                                     {"answered", answered}});
}

void http_events::connection_evicted(std::string_view listener) noexcept {
    metrics_.connection_evicted(listener);
}

void http_events::accept_failed(std::string_view listener, boost::system::error_code why,
                                bool backing_off) noexcept {
    metrics_.accept_failed(listener);
    log_.warn("accept_failed",
              {{"listener", listener}, {"error", why.message()}, {"backing_off", backing_off}});
}

void http_events::framing_rejected(std::string_view listener, std::string_view kind) noexcept {
    metrics_.framing_rejected(kind);
    log_.info("framing_rejected", {{"listener", listener}, {"kind", kind}});
}

void http_events::wrong_token(std::string_view listener, std::string_view answer) noexcept {
    metrics_.wrong_token(listener, answer);
}

void http_events::wrong_tokens_slowed(std::string_view listener,
                                      boost::asio::ip::address const& client) noexcept {
    log_.warn("wrong_tokens", {{"listener", listener}, {"client", http::to_text(client)}});
}

void http_events::handler_failed(std::string_view listener, std::string_view request_id,
                                 trace_context const& trace, std::exception_ptr thrown) noexcept {
    log_.error("handler_failed", {{"listener", listener},
                                  {"request_id", request_id},
                                  {"trace_id", trace},
                                  {"what", what_of(thrown)}});
}

void http_events::handler_timed_out(std::string_view listener, std::string_view request_id,
                                    trace_context const& trace) noexcept {
    log_.error("handler_timed_out",
               {{"listener", listener}, {"request_id", request_id}, {"trace_id", trace}});
}

void http_events::connection_failed(std::string_view listener, std::exception_ptr thrown) noexcept {
    log_.error("connection_failed", {{"listener", listener}, {"what", what_of(thrown)}});
}

void upstream_events::call_ended(bridgexapi::call_report const& report) {
    auto const operation = bridgexapi::to_string(report.operation);
    auto const outcome = bridgexapi::to_string(report.outcome);
    auto const why = report.why ? bridgexapi::to_string(*report.why) : std::string_view();
    metrics_.upstream_request(operation, outcome, why, report.elapsed);
    if (report.trace.is_recorded) spans_.record([&] { return span_of(report); });
    log_.info("upstream_call", {{"operation", operation},
                                {"trace_id", report.trace},
                                {"outcome", outcome},
                                {"reason", why},
                                {"http_status", report.http_status},
                                {"us", microseconds(report.elapsed)},
                                {"attempts", report.attempts},
                                {"reused_connection", report.reused_connection}});
}

telemetry::span upstream_events::span_of(bridgexapi::call_report const& report) {
    std::string const operation(bridgexapi::to_string(report.operation));
    telemetry::span call;
    call.context = report.trace;
    call.parent = report.parent_span;
    call.kind = telemetry::span_kind::client;
    call.name = "bridgexapi " + operation;
    call.began = report.began;
    call.ended = report.began + report.elapsed;
    call.attributes = {{"http.request.method", std::string("POST")},
                       {"otpd.route_id", std::int64_t{report.route_id}},
                       {"otpd.outcome", std::string(bridgexapi::to_string(report.outcome))}};
    if (report.http_status != 0)
        call.attributes.push_back({"http.response.status_code", std::int64_t{report.http_status}});
    if (report.attempts > 1)
        call.attributes.push_back({"http.request.resend_count", std::int64_t{report.attempts} - 1});
    if (report.why) call.error = bridgexapi::to_string(*report.why);
    return call;
}

void upstream_events::connected(bool session_resumed) {
    metrics_.tls_handshake(session_resumed ? "resumed" : "full");
}

void upstream_events::connect_failed(bridgexapi::reason why, std::string const& error) {
    if (why == bridgexapi::reason::tls_failed) metrics_.tls_handshake("failed");
    log_.warn("upstream_connect_failed",
              {{"reason", bridgexapi::to_string(why)}, {"error", error}});
}

void upstream_events::stopped_reusing(std::chrono::milliseconds for_how_long) {
    log_.warn("upstream_closes_connections", {{"fresh_ones_for_ms", for_how_long.count()}});
}

void route_events::opened(int route_id, bridgexapi::reason why,
                          std::chrono::milliseconds for_how_long) {
    log_.warn("route_breaker_opened", {{"route_id", route_id},
                                       {"reason", bridgexapi::to_string(why)},
                                       {"for_ms", for_how_long.count()}});
}

void route_events::closed(int route_id) {
    log_.info("route_breaker_closed", {{"route_id", route_id}});
}

void store_events::swept(store::sweep_slice slice) noexcept {
    metrics_.sweep_slice(slice.removed, slice.elapsed);
}

void store_events::ready(std::string_view what) noexcept {
    ++times_ready_;
    log_.info("store_ready", {{"store", what}});
}

void store_events::lost(std::string_view why) noexcept {
    log_.error("store_lost", {{"why", why}});
}

void store_events::clock_jumped(store::duration by) noexcept {
    metrics_.store_clock_jumped();
    log_.warn("store_clock_jumped", {{"by_ms", by.count()}});
}

void store_events::failed(std::exception_ptr thrown) noexcept {
    log_.error("store_failed", {{"what", what_of(thrown)}});
}

} // namespace otpd::app
