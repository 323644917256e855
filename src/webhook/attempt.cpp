#include "attempt.hpp"

#include "retry.hpp"

#include <algorithm>

namespace otpd::webhook {

net::http_request request_for(message const& message, std::string const& target,
                              std::vector<secret_string> const& secrets, wall_time at,
                              trace_context const& trace) {
    auto const timestamp = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
    net::http_request result;
    result.method = net::http_method::post;
    result.target = target;
    result.body = secret_string(message.payload);
    result.repeatable = true; // the receiver recognises a message by its id
    result.headers = "webhook-id: " + message.id + "\r\n";
    result.headers += "webhook-timestamp: " + std::to_string(timestamp) + "\r\n";
    result.headers += "webhook-signature: " + sign(secrets, message.id, timestamp, message.payload);
    result.headers += "\r\n";
    if (trace.exists()) result.headers += "traceparent: " + to_traceparent(trace) + "\r\n";
    return result;
}

verdict judge(net::exchange_result const& exchanged) {
    constexpr unsigned first_success = 200;
    constexpr unsigned first_redirect = 300;
    constexpr unsigned status_gone = 410;

    verdict result;
    if (auto const* failure = std::get_if<net::exchange_failure>(&exchanged.outcome)) {
        result.problem = word_of(failure->why);
        return result;
    }
    auto const& response = std::get<net::http_response>(exchanged.outcome);
    if (response.status >= first_success && response.status < first_redirect) {
        result.is = verdict::kind::delivered;
        return result;
    }
    if (response.status == status_gone) result.is = verdict::kind::gone;
    result.problem = "status " + std::to_string(response.status);
    if (response.retry_after)
        result.retry_after = std::min<std::chrono::seconds>(*response.retry_after, longest_pause);
    return result;
}

telemetry::span span_of(queued const& tried, std::string const& endpoint,
                        trace_context const& attempt, steady_time began,
                        net::exchange_result const& exchanged) {
    telemetry::span span;
    span.context = attempt;
    span.parent = tried.webhook->trace.span;
    span.kind = telemetry::span_kind::client;
    span.name = "webhook " + endpoint;
    span.began = began;
    span.ended = std::chrono::steady_clock::now();
    span.attributes = {{"http.request.method", std::string("POST")},
                       {"otpd.event", tried.webhook->type}};
    if (tried.tries > 1)
        span.attributes.push_back({"http.request.resend_count", std::int64_t{tried.tries} - 1});
    auto const judged = judge(exchanged);
    bool const has_failed = judged.is != verdict::kind::delivered;
    if (has_failed) span.error = judged.problem;
    if (auto const* response = std::get_if<net::http_response>(&exchanged.outcome)) {
        span.attributes.push_back(
            {"http.response.status_code", static_cast<std::int64_t>(response->status)});
        if (has_failed) span.error = std::to_string(response->status);
    }
    return span;
}

std::string_view word_of(net::exchange_error why) noexcept {
    using enum net::exchange_error;
    switch (why) {
    case connect_failed:
        return "connect_failed";
    case tls_failed:
        return "tls_failed";
    case circuit_open:
        return "circuit_open";
    case pool_exhausted:
        return "pool_exhausted";
    case shutting_down:
        return "shutting_down";
    case connection_lost:
        return "connection_lost";
    case malformed_reply:
        return "malformed_reply";
    case timed_out:
        return "timed_out";
    }
    return "unknown";
}

} // namespace otpd::webhook
