#pragma once

/// What an HTTP answer of the upstream means: the one place where its words and statuses are
/// judged.
///
/// The vendor documents neither; its clients tell errors apart by substrings of `detail` and ignore
/// the status. So the words come first and the status decides only when there are none that are
/// known.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/net/http_message.hpp"

#include <optional>
#include <string_view>

namespace otpd::bridgexapi {

/// The reason that a body's `detail` states, whatever the status: a string, or FastAPI's list of
/// objects with `msg`. Nothing for any other body, and for words that are not known.
[[nodiscard]] std::optional<reason> stated_reason(std::string_view body);

/// Why an answer that is not a success is none.
[[nodiscard]] reason failure_reason(unsigned status, std::string_view body);

/// What an answer says about a send.
///
/// - 2xx with `"status":"success"` and at least one message: accepted.
/// - A known refusal with any 4xx or 5xx (the vendor's 502 `Vendor send failed` among them), and
/// every
///   other 4xx: rejected. A client error means that the request was not acted on (RFC 9110 15.5).
/// - Everything else: unknown. Another 2xx may be a success we cannot read; a 5xx may come from a
/// proxy
///   after the upstream has taken the message; 303 is the usual answer to a POST that was
///   acted on, and other redirects are not told apart; 408 is used by gateways for their own
///   impatience.
[[nodiscard]] send_outcome judge_send(net::http_response const& response);

/// What a failed exchange says about a send.
[[nodiscard]] send_outcome judge_send(net::exchange_failure const& failure);

/// What a failed exchange says about a read.
[[nodiscard]] failure judge_read(net::exchange_failure const& failure);
/// What an answer that is not a success says about a read.
[[nodiscard]] failure judge_read(net::http_response const& response);

[[nodiscard]] constexpr bool is_success(unsigned status) noexcept {
    return status >= 200 && status < 300;
}

} // namespace otpd::bridgexapi
