#pragma once

/// Reads the upstream's JSON into our types.
///
/// Lenient where the vendor's clients disagree (shapes of lists, names of fields, ids as numbers or
/// strings, nulls), and blind to fields it does not know; strict about the few fields without which
/// an answer has no meaning. Bodies are bounded by the HTTP client, nesting by `json_depth_max`.
/// Nothing: the body is not such an answer.

#include "otpd/bridgexapi/types.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace otpd::bridgexapi {

inline constexpr std::size_t json_depth_max = 16;

[[nodiscard]] std::optional<accepted> read_accepted(std::string_view body);
[[nodiscard]] std::optional<estimate> read_estimate(std::string_view body);
[[nodiscard]] std::optional<balance> read_balance(std::string_view body);
[[nodiscard]] std::optional<std::vector<route>> read_routes(std::string_view body);
[[nodiscard]] std::optional<route> read_route(std::string_view body);
[[nodiscard]] std::optional<std::vector<price>> read_pricing(std::string_view body);
[[nodiscard]] std::optional<delivery_report> read_delivery(std::string_view body);
[[nodiscard]] std::optional<delivery_page> read_delivery_page(std::string_view body);

} // namespace otpd::bridgexapi
