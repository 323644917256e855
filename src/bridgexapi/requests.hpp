#pragma once

/// Builds the requests: targets below the base URL and JSON bodies, exactly as the vendor's clients
/// do.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/net/http_message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::bridgexapi {

/// The longest id that is requested. The vendor's ids have fewer than 30 characters.
inline constexpr std::size_t id_length_max = 64;

[[nodiscard]] net::http_request send_request(sms const& message);
[[nodiscard]] net::http_request estimate_request(sms const& message);
[[nodiscard]] net::http_request balance_request();
[[nodiscard]] net::http_request routes_request();
[[nodiscard]] net::http_request pricing_request(int route_id);
[[nodiscard]] net::http_request deliveries_request(delivery_query const& query);

// Ids come from callers and from the vendor's responses, and become a path segment. These functions
// return nullopt unless the id consists of 1 to id_length_max characters of [A-Za-z0-9_-]. No
// message or order has another id. Escaping would not be safe, because many servers decode before
// they resolve dot segments.
[[nodiscard]] std::optional<net::http_request> delivery_request(std::string_view bx_message_id);
[[nodiscard]] std::optional<net::http_request>
order_deliveries_request(std::string_view order_id, std::int64_t limit, std::int64_t skip);

} // namespace otpd::bridgexapi
