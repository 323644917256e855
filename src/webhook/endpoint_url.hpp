#pragma once

/// The URL of an endpoint, taken apart.

#include "otpd/net/origin.hpp"

#include <string>
#include <string_view>

namespace otpd::webhook {

struct endpoint_url {
    net::origin origin; ///< its path is empty
    std::string target; ///< path and query as they are: they may be a secret of the receiver's
};

/// Throws std::invalid_argument, which does not repeat `text`, unless it is https (http to a
/// loopback host if `allow_private`) and has no user and no fragment.
[[nodiscard]] endpoint_url parse_endpoint_url(std::string_view text, bool allow_private);

} // namespace otpd::webhook
