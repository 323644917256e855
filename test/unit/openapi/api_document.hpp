#pragma once

/// The OpenAPI document as the binary serves it, and as much of JSON Schema as it takes to tell
/// whether an answer is one that the document promises.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace openapi_test {

/// Parsed once.
boost::json::object const& document();

/// What `node` is or, with a $ref, what that refers to; throws when there is no such thing.
boost::json::object const& resolve(boost::json::value const& node);

/// The operation's description of one status, or null.
boost::json::object const* find_response(std::string_view path, std::string_view verb,
                                         unsigned status);

/// The schema of a response's or request's body of that type; throws when there is none.
boost::json::value const& schema_of(boost::json::object const& body, std::string_view type);

/// Why `value` does not follow `schema`, empty when it does. Knows what the document uses: $ref,
/// allOf, type, const, enum, pattern, minimum and maximum, required, properties, items. Stricter
/// than JSON Schema in one point: an object may not have members that nobody described.
std::string fault(boost::json::value const& schema, boost::json::value const& value);

} // namespace openapi_test
