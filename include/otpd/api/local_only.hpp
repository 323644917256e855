#pragma once

/// Protects a server that reveals codes, or requires no token, from everybody but local programs.

#include "otpd/http/request.hpp"
#include "otpd/http/response.hpp"

#include <optional>

namespace otpd::api {

/// Returns a 403 `local_only` response when the request shows that it did not come directly from
/// this machine, else nullopt. Thread-safe. It refuses
///   - a peer that is not a loopback address, including one that a PROXY header names;
///   - Forwarded, Via, X-Forwarded-* or X-Real-IP, whatever the value: proxies add these fields
///     (RFC 7239, RFC 9110 7.6.3, and custom), and the client may have influenced the value;
///   - a Host that is neither a loopback address nor the name of one (RFC 6761 6.3): this is a
///     tunnel, or a foreign name whose DNS points at this machine to make a foreign page
///     same-origin (DNS rebinding);
///   - an Origin other than http or https of a local host: a foreign page can cause an SMS without
///     reading the response.
///
/// A Host may be absent, as in HTTP/1.0 health checks.
[[nodiscard]] std::optional<http::response> refuse_unless_local(http::request const& request);

} // namespace otpd::api
