#pragma once

/// The OpenAPI document as the binary serves it, and enough of JSON Schema to check answers against
/// it.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace openapi_test {

/// Parsed once.
boost::json::object const& document();

/// Returns `node`, or what its $ref refers to; throws if that does not exist.
boost::json::object const& resolve(boost::json::value const& node);

/// The operation's description of one status, or null.
boost::json::object const* find_response(std::string_view path, std::string_view verb,
                                         unsigned status);

/// The schema of a response's or request's body with this type; throws if there is none.
boost::json::value const& schema_of(boost::json::object const& body, std::string_view type);

/// Why `value` does not match `schema`; empty if it does. Supports what the document uses: $ref,
/// allOf, type, const, enum, pattern, minimum and maximum, required, properties, items. Stricter
/// than JSON Schema in one point: an object may not have undescribed members.
std::string fault(boost::json::value const& schema, boost::json::value const& value);

} // namespace openapi_test
