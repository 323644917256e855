#pragma once

/// The parsed URL of an endpoint.

#include "otpd/net/origin.hpp"

#include <string>
#include <string_view>

namespace otpd::webhook {

struct endpoint_url {
    net::origin origin; ///< its path is empty
    std::string target; ///< path and query, unchanged; they may contain a secret of the receiver
};

/// Throws std::invalid_argument, without repeating `text`, unless the URL is https (or http to a
/// loopback host if `allow_private`) and has no user and no fragment.
[[nodiscard]] endpoint_url parse_endpoint_url(std::string_view text, bool allow_private);

} // namespace otpd::webhook
