#pragma once

/// Lenient access to the fields of a JSON object. A field that is absent, null or of the wrong type
/// is nullopt.

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

/// A parsed JSON text with its own memory.
class json_document {
public:
    /// root() is null if `body` is not JSON or is nested deeper than json_depth_max.
    explicit json_document(std::string_view body);
    json_document(json_document const&) = delete;
    json_document& operator=(json_document const&) = delete;

    [[nodiscard]] boost::json::value const& root() const noexcept { return root_; }

private:
    std::array<unsigned char, 2048> usual_; ///< enough for the response to a send
    boost::json::monotonic_resource memory_{usual_.data(), usual_.size()};
    boost::json::value root_;
};

namespace json_fields {

/// Returns null if the field is absent or `from` is not an object.
[[nodiscard]] boost::json::value const* find(boost::json::value const& from, std::string_view name);
/// Returns the object in the first of `names` that holds one.
[[nodiscard]] boost::json::value const* object(boost::json::value const& from,
                                               std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<std::string> text(boost::json::value const& from,
                                              std::initializer_list<std::string_view> names);
/// A string, or an integer as decimal text.
[[nodiscard]] std::optional<std::string> id(boost::json::value const& from,
                                            std::initializer_list<std::string_view> names);
/// An integer, or a string that holds one.
[[nodiscard]] std::optional<std::int64_t> integer(boost::json::value const& from,
                                                  std::initializer_list<std::string_view> names);
[[nodiscard]] std::optional<money> amount(boost::json::value const& from, std::string_view name);
[[nodiscard]] std::optional<bool> flag(boost::json::value const& from, std::string_view name);

} // namespace json_fields

} // namespace otpd::bridgexapi
