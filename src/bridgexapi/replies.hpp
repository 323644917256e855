#pragma once

/// Converts the upstream's JSON into our types.
///
/// The parser is lenient where the vendor's clients disagree (shapes of lists, names of fields, ids
/// as numbers or strings, nulls) and ignores unknown fields. It requires the few fields without
/// which a response has no meaning. The HTTP client bounds the size of bodies, and `json_depth_max`
/// their nesting. nullopt means that the body is not such a response.

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
[[nodiscard]] std::optional<std::vector<price>> read_pricing(std::string_view body);
[[nodiscard]] std::optional<delivery_report> read_delivery(std::string_view body);
[[nodiscard]] std::optional<delivery_page> read_delivery_page(std::string_view body);

} // namespace otpd::bridgexapi
