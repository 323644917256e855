#pragma once

/// Lenient access to the fields of a JSON object. Nothing: absent, null, or of a type that does not
/// fit.

#include "json_node.hpp"
#include "otpd/core/money.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::bridgexapi::json_fields {

/// The object under the first of `names` that is one.
[[nodiscard]] json_node const* object(json_node const& from,
                                      std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<std::string> text(json_node const& from,
                                              std::initializer_list<std::string_view> names);
/// A string, or an integer in decimal.
[[nodiscard]] std::optional<std::string> id(json_node const& from,
                                            std::initializer_list<std::string_view> names);
/// An integer, or a string that is one.
[[nodiscard]] std::optional<std::int64_t> integer(json_node const& from,
                                                  std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<money> amount(json_node const& from, std::string_view name);
[[nodiscard]] std::optional<bool> flag(json_node const& from, std::string_view name);

} // namespace otpd::bridgexapi::json_fields
