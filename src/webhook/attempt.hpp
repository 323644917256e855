#pragma once

/// One attempt to deliver a message to an endpoint: the request, and the meaning of the response.

#include "endpoint_queue.hpp"
#include "otpd/net/http_message.hpp"
#include "otpd/telemetry/tracer.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace otpd::webhook {

/// Returns a POST of `message` to `target`, signed with `secrets` at the time `at`. `trace` is the
/// context of the attempt.
[[nodiscard]] net::http_request request_for(message const& message, std::string const& target,
                                            std::vector<secret_string> const& secrets, wall_time at,
                                            trace_context const& trace);

struct verdict {
    enum class kind { delivered, failed, gone };
    kind is = kind::failed;
    std::string problem; ///< for the log: the status, or why there is none
    std::optional<std::chrono::seconds> retry_after; ///< at most longest_pause
};

/// Every response but a 2xx is a failure, also a redirect, whose target nobody has allowed. With
/// 410 the receiver unsubscribes.
[[nodiscard]] verdict judge(net::exchange_result const& exchanged);

/// The span of an attempt that has ended now.
[[nodiscard]] telemetry::span span_of(queued const& tried, std::string const& endpoint,
                                      trace_context const& attempt, steady_time began,
                                      net::exchange_result const& exchanged);

[[nodiscard]] std::string_view word_of(net::exchange_error why) noexcept;

} // namespace otpd::webhook
