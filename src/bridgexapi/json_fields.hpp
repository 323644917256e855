#pragma once

/// Lenient access to the fields of a JSON object. Nothing: absent, null, or of a type that does not
/// fit.

#include "otpd/core/money.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::bridgexapi::json_fields {

/// The whole body as one JSON value; null when it is none or nested too deeply.
[[nodiscard]] boost::json::value parse(std::string_view body, boost::json::storage_ptr storage);

/// The object under the first of `names` that is one.
[[nodiscard]] boost::json::object const* object(boost::json::object const& from,
                                                std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<std::string> text(boost::json::object const& from,
                                              std::initializer_list<std::string_view> names);
/// A string, or an integer in decimal.
[[nodiscard]] std::optional<std::string> id(boost::json::object const& from,
                                            std::initializer_list<std::string_view> names);
/// An integer, or a string that is one.
[[nodiscard]] std::optional<std::int64_t> integer(boost::json::object const& from,
                                                  std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<money> amount(boost::json::object const& from, std::string_view name);
[[nodiscard]] std::optional<bool> flag(boost::json::object const& from, std::string_view name);

} // namespace otpd::bridgexapi::json_fields
