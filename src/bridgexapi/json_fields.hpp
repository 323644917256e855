#pragma once

/// Lenient access to the fields of a JSON object. Nothing: absent, null, or of a type that does not
/// fit.

#include "otpd/core/money.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::bridgexapi {

/// A parsed JSON text, in memory of its own.
class json_document {
public:
    /// Null when `body` is no JSON, or nested deeper than json_depth_max.
    explicit json_document(std::string_view body);
    json_document(json_document const&) = delete;
    json_document& operator=(json_document const&) = delete;

    [[nodiscard]] boost::json::value const& root() const noexcept { return root_; }

private:
    std::array<unsigned char, 2048> usual_; ///< enough for the answer to a send
    boost::json::monotonic_resource memory_{usual_.data(), usual_.size()};
    boost::json::value root_;
};

namespace json_fields {

/// Null when it is absent, or `from` is no object.
[[nodiscard]] boost::json::value const* find(boost::json::value const& from, std::string_view name);
/// The object under the first of `names` that is one.
[[nodiscard]] boost::json::value const* object(boost::json::value const& from,
                                               std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<std::string> text(boost::json::value const& from,
                                              std::initializer_list<std::string_view> names);
/// A string, or an integer in decimal.
[[nodiscard]] std::optional<std::string> id(boost::json::value const& from,
                                            std::initializer_list<std::string_view> names);
/// An integer, or a string that is one.
[[nodiscard]] std::optional<std::int64_t> integer(boost::json::value const& from,
                                                  std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<money> amount(boost::json::value const& from, std::string_view name);
[[nodiscard]] std::optional<bool> flag(boost::json::value const& from, std::string_view name);

} // namespace json_fields

} // namespace otpd::bridgexapi
