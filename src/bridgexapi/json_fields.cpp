#include "json_fields.hpp"

#include "otpd/core/encoding.hpp"
#include "replies.hpp"

#include <boost/json/parse.hpp>

namespace otpd::bridgexapi {

namespace json = boost::json;

json_document::json_document(std::string_view body) : root_(&memory_) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    boost::system::error_code ec;
    root_ = json::parse(body, ec, &memory_, options); // null if it fails
}

namespace json_fields {

namespace {

/// Returns the first of the fields `names` that `read` accepts.
template <class Read>
auto first_of(json::value const& from, std::initializer_list<std::string_view> names, Read read)
    -> decltype(read(from)) {
    for (auto const name : names) {
        auto const* field = find(from, name);
        if (field == nullptr) continue;
        if (auto found = read(*field)) return found;
    }
    return {};
}

std::optional<std::string> to_text(json::value const& field) {
    if (auto const* value = field.if_string()) return std::string(*value);
    return std::nullopt;
}

std::optional<std::string> to_id(json::value const& field) {
    if (auto const* value = field.if_int64()) return std::to_string(*value);
    if (auto const* value = field.if_uint64()) return std::to_string(*value);
    return to_text(field);
}

std::optional<std::int64_t> to_integer(json::value const& field) {
    if (auto const* number = field.if_int64()) return *number;
    auto const* digits = field.if_string();
    return digits == nullptr ? std::nullopt : parse_number<std::int64_t>(*digits);
}

} // namespace

json::value const* find(json::value const& from, std::string_view name) {
    auto const* fields = from.if_object();
    return fields == nullptr ? nullptr : fields->if_contains(name);
}

json::value const* object(json::value const& from, std::initializer_list<std::string_view> names) {
    return first_of(from, names,
                    [](json::value const& field) { return field.is_object() ? &field : nullptr; });
}

std::optional<std::string> text(json::value const& from,
                                std::initializer_list<std::string_view> names) {
    return first_of(from, names, to_text);
}

std::optional<std::string> id(json::value const& from,
                              std::initializer_list<std::string_view> names) {
    return first_of(from, names, to_id);
}

std::optional<std::int64_t> integer(json::value const& from,
                                    std::initializer_list<std::string_view> names) {
    return first_of(from, names, to_integer);
}

std::optional<money> amount(json::value const& from, std::string_view name) {
    auto const* field = find(from, name);
    if (field == nullptr || !field->is_number()) return std::nullopt;
    return money::from_units(field->to_number<double>());
}

std::optional<bool> flag(json::value const& from, std::string_view name) {
    auto const* field = find(from, name);
    auto const* value = field != nullptr ? field->if_bool() : nullptr;
    return value == nullptr ? std::nullopt : std::optional(*value);
}

} // namespace json_fields

} // namespace otpd::bridgexapi
