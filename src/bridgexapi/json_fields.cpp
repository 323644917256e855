#include "json_fields.hpp"

#include "otpd/bridgexapi/replies.hpp"

#include <boost/json/parse.hpp>

#include <charconv>

namespace otpd::bridgexapi::json_fields {

namespace json = boost::json;

namespace {

/// The first of the fields `names` that `read` can make something of.
template <class Read>
auto first_of(json::object const& from, std::initializer_list<std::string_view> names, Read read)
    -> decltype(read(json::value())) {
    for (auto const name : names) {
        auto const* field = from.if_contains(name);
        if (field == nullptr) continue;
        if (auto found = read(*field)) return found;
    }
    return {};
}

std::optional<std::int64_t> to_integer(json::value const& field) {
    if (auto const* number = field.if_int64()) return *number;
    auto const* digits = field.if_string();
    if (digits == nullptr) return std::nullopt;
    std::int64_t value = 0;
    auto const* const end = digits->data() + digits->size();
    auto const [stop, ec] = std::from_chars(digits->data(), end, value);
    if (ec != std::errc() || stop != end) return std::nullopt;
    return value;
}

} // namespace

json::value parse(std::string_view body, json::storage_ptr storage) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    boost::system::error_code ec;
    auto value = json::parse(body, ec, storage, options);
    if (ec) return json::value(nullptr, storage);
    return value;
}

json::object const* object(json::object const& from,
                           std::initializer_list<std::string_view> names) {
    return first_of(from, names, [](json::value const& field) { return field.if_object(); });
}

std::optional<std::string> text(json::object const& from,
                                std::initializer_list<std::string_view> names) {
    return first_of(from, names, [](json::value const& field) -> std::optional<std::string> {
        auto const* value = field.if_string();
        if (value == nullptr) return std::nullopt;
        return std::string(*value);
    });
}

std::optional<std::string> id(json::object const& from,
                              std::initializer_list<std::string_view> names) {
    return first_of(from, names, [](json::value const& field) -> std::optional<std::string> {
        if (auto const* value = field.if_string()) return std::string(*value);
        if (auto const* value = field.if_int64()) return std::to_string(*value);
        if (auto const* value = field.if_uint64()) return std::to_string(*value);
        return std::nullopt;
    });
}

std::optional<std::int64_t> integer(json::object const& from,
                                    std::initializer_list<std::string_view> names) {
    return first_of(from, names, to_integer);
}

std::optional<money> amount(json::object const& from, std::string_view name) {
    auto const* field = from.if_contains(name);
    if (field == nullptr || !field->is_number()) return std::nullopt;
    return money::from_units(field->to_number<double>());
}

std::optional<bool> flag(json::object const& from, std::string_view name) {
    auto const* field = from.if_contains(name);
    if (field == nullptr || !field->is_bool()) return std::nullopt;
    return field->get_bool();
}

} // namespace otpd::bridgexapi::json_fields
