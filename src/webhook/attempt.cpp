#include "attempt.hpp"

#include "retry.hpp"

#include <algorithm>

namespace otpd::webhook {

net::http_request request_for(message const& message, std::string const& target,
                              std::vector<secret_string> const& secrets, wall_time at) {
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
