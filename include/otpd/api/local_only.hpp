#pragma once

/// A server that shows codes, or asks nobody for a token, is for its own machine's programs.

#include "otpd/http/request.hpp"
#include "otpd/http/response.hpp"

#include <optional>

namespace otpd::api {

/// The answer (403 `local_only`) to a request that shows that it did not come here directly, by
///   - a peer that is not a loopback address: a PROXY header names others;
///   - Forwarded, Via, X-Forwarded-* or X-Real-IP: what proxies add (RFC 7239, RFC 9110 7.6.3, and
///     custom), whatever their values, which the client may have had a hand in;
///   - a Host that is no loopback address and no name of one (RFC 6761 6.3): a tunnel, or a name
///     that somebody's DNS points at this machine, so that his page is of one origin with this
///     server (DNS rebinding);
///   - an Origin other than http and https of such a host: a stranger's page, which needs to read
///     no answer to have an SMS sent.
/// A Host may be absent, as in health checks of HTTP/1.0. Nothing: it may be served. From any
/// thread.
[[nodiscard]] std::optional<http::response> refuse_unless_local(http::request const& request);

} // namespace otpd::api
