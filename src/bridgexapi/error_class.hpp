#pragma once

/// Interprets the upstream's HTTP responses. This is the only place that judges its words and
/// statuses.
///
/// The vendor documents neither. Its clients distinguish errors by substrings of `detail` and
/// ignore the status. So the words take precedence, and the status decides only if no word is
/// known.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/net/http_message.hpp"

#include <optional>
#include <string_view>

namespace otpd::bridgexapi {

/// Returns the reason in a body's `detail`, whatever the status. `detail` is a string, or FastAPI's
/// list of objects with `msg`. Returns nullopt for any other body and for unknown words.
[[nodiscard]] std::optional<reason> stated_reason(std::string_view body);

/// Returns why a response is not a success.
[[nodiscard]] reason failure_reason(unsigned status, std::string_view body);

/// Interprets the response to a send.
///
///   - accepted: 2xx with `"status":"success"` and at least one message.
///   - rejected: a known refusal with any 4xx or 5xx (such as the vendor's 502 `Vendor send
///     failed`), and every other 4xx except 408. A client error means that the request was not
///     acted on (RFC 9110 15.5).
///   - unknown: everything else. Another 2xx may be a success that cannot be read. A 5xx may come
///     from a proxy after the upstream accepted the message. 303 is the usual answer to a POST that
///     was acted on; other redirects are treated alike. Gateways send 408 for their own timeouts.
[[nodiscard]] send_outcome judge_send(net::http_response const& response);

/// Interprets a failed exchange of a send.
[[nodiscard]] send_outcome judge_send(net::exchange_failure const& failure);

/// Interprets a failed exchange of a read.
[[nodiscard]] failure judge_read(net::exchange_failure const& failure);
/// Interprets a response to a read that is not a success.
[[nodiscard]] failure judge_read(net::http_response const& response);

[[nodiscard]] constexpr bool is_success(unsigned status) noexcept {
    return status >= 200 && status < 300;
}

} // namespace otpd::bridgexapi
