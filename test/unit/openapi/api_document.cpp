#include "api_document.hpp"

#include "otpd/api/web_assets.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/regex.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

namespace openapi_test {

namespace json = boost::json;

namespace {

json::value const& whole() {
    static json::value const parsed = [] {
        auto const* const file = otpd::web::find("openapi.json");
        if (file == nullptr) throw std::logic_error("the document is not embedded");
        return json::parse(file->body);
    }();
    return parsed;
}

bool has_type(std::string_view type, json::value const& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "number") return value.is_number();
    throw std::logic_error("a type that this test does not know");
}

bool has_one_type(json::value const& types, json::value const& value) {
    if (types.is_string()) return has_type(types.get_string(), value);
    return std::ranges::any_of(types.as_array(), [&](json::value const& type) {
        return has_type(type.as_string(), value);
    });
}

/// Collects the schema and those that its allOf refers to.
void collect(json::value const& schema, std::vector<json::object const*>& into) {
    auto const& resolved = resolve(schema);
    into.push_back(&resolved);
    if (auto const* parts = resolved.if_contains("allOf"))
        for (auto const& part : parts->as_array())
            collect(part, into);
}

std::string fault_of_scalar(json::object const& rules, json::value const& value) {
    if (auto const* type = rules.if_contains("type");
        type != nullptr && !has_one_type(*type, value))
        return "not of type " + json::serialize(*type);
    if (auto const* only = rules.if_contains("const"); only != nullptr && *only != value)
        return "not " + json::serialize(*only);
    if (auto const* set = rules.if_contains("enum"))
        if (std::ranges::find(set->as_array(), value) == set->as_array().end())
            return "not one of " + json::serialize(*set);
    if (auto const* pattern = rules.if_contains("pattern"); pattern != nullptr && value.is_string())
        if (!boost::regex_search(std::string(value.get_string()),
                                 boost::regex(std::string(pattern->as_string()))))
            return "does not match " + json::serialize(*pattern);
    if (!value.is_number()) return {};
    auto const number = value.to_number<double>();
    auto const* least = rules.if_contains("minimum");
    auto const* most = rules.if_contains("maximum");
    if (least != nullptr && number < least->to_number<double>()) return "too small";
    if (most != nullptr && number > most->to_number<double>()) return "too large";
    return {};
}

std::string fault_of_members(std::vector<json::object const*> const& schemas,
                             json::object const& value) {
    std::set<std::string_view> described;
    for (auto const* rules : schemas) {
        if (auto const* names = rules->if_contains("required"))
            for (auto const& name : names->as_array())
                if (!value.contains(name.as_string())) return "lacks " + json::serialize(name);
        if (auto const* others = rules->if_contains("additionalProperties")) // it is a map
            for (auto const& [name, member] : value) {
                described.insert(name);
                if (auto const why = fault(*others, member); !why.empty())
                    return std::string(name) + ": " + why;
            }
        auto const* properties = rules->if_contains("properties");
        if (properties == nullptr) continue;
        for (auto const& [name, schema] : properties->as_object()) {
            described.insert(name);
            auto const* member = value.if_contains(name);
            if (member == nullptr) continue;
            if (auto const why = fault(schema, *member); !why.empty())
                return std::string(name) + ": " + why;
        }
    }
    for (auto const& [name, member] : value)
        if (!described.contains(name)) return std::string(name) + " is not described";
    return {};
}

} // namespace

json::object const& document() {
    return whole().as_object();
}

json::object const& resolve(json::value const& node) {
    auto const* reference = node.as_object().if_contains("$ref");
    if (reference == nullptr) return node.get_object();
    return whole().at_pointer(std::string_view(reference->as_string()).substr(1)).as_object();
}

json::object const* find_response(std::string_view path, std::string_view verb, unsigned status) {
    auto const& operation = document().at("paths").at(path).at(verb).as_object();
    auto const* found = operation.at("responses").as_object().if_contains(std::to_string(status));
    return found == nullptr ? nullptr : &resolve(*found);
}

json::value const& schema_of(json::object const& body, std::string_view type) {
    return body.at("content").at(type).at("schema");
}

std::string fault(json::value const& schema, json::value const& value) {
    std::vector<json::object const*> schemas;
    collect(schema, schemas);
    for (auto const* rules : schemas)
        if (auto const why = fault_of_scalar(*rules, value); !why.empty()) return why;
    if (value.is_object()) return fault_of_members(schemas, value.get_object());
    if (!value.is_array()) return {};
    for (auto const* rules : schemas)
        if (auto const* items = rules->if_contains("items"))
            for (auto const& item : value.get_array())
                if (auto const why = fault(*items, item); !why.empty()) return "an item is " + why;
    return {};
}

} // namespace openapi_test
