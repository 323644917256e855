#include "json_fields.hpp"

#include <charconv>

namespace otpd::bridgexapi::json_fields {

namespace {

/// The first of the fields `names` that `read` can make something of.
template <class Read>
auto first_of(json_node const& from, std::initializer_list<std::string_view> names, Read read)
    -> decltype(read(from)) {
    for (auto const name : names) {
        auto const* field = from.find(name);
        if (field == nullptr) continue;
        if (auto found = read(*field)) return found;
    }
    return {};
}

std::optional<std::int64_t> to_integer(json_node const& field) {
    if (auto const* number = field.as<std::int64_t>()) return *number;
    auto const* digits = field.as<std::string_view>();
    if (digits == nullptr) return std::nullopt;
    std::int64_t value = 0;
    auto const* const end = digits->data() + digits->size();
    auto const [stop, ec] = std::from_chars(digits->data(), end, value);
    if (ec != std::errc() || stop != end) return std::nullopt;
    return value;
}

} // namespace

json_node const* object(json_node const& from, std::initializer_list<std::string_view> names) {
    return first_of(from, names,
                    [](json_node const& field) { return field.is_object() ? &field : nullptr; });
}

std::optional<std::string> text(json_node const& from,
                                std::initializer_list<std::string_view> names) {
    return first_of(from, names, [](json_node const& field) -> std::optional<std::string> {
        auto const* value = field.as<std::string_view>();
        if (value == nullptr) return std::nullopt;
        return std::string(*value);
    });
}

std::optional<std::string> id(json_node const& from,
                              std::initializer_list<std::string_view> names) {
    return first_of(from, names, [](json_node const& field) -> std::optional<std::string> {
        if (auto const* value = field.as<std::string_view>()) return std::string(*value);
        if (auto const* value = field.as<std::int64_t>()) return std::to_string(*value);
        if (auto const* value = field.as<std::uint64_t>()) return std::to_string(*value);
        return std::nullopt;
    });
}

std::optional<std::int64_t> integer(json_node const& from,
                                    std::initializer_list<std::string_view> names) {
    return first_of(from, names, to_integer);
}

std::optional<money> amount(json_node const& from, std::string_view name) {
    auto const* field = from.find(name);
    if (field == nullptr) return std::nullopt;
    if (auto const* value = field->as<double>()) return money::from_units(*value);
    if (auto const* value = field->as<std::int64_t>())
        return money::from_units(static_cast<double>(*value));
    if (auto const* value = field->as<std::uint64_t>())
        return money::from_units(static_cast<double>(*value));
    return std::nullopt;
}

std::optional<bool> flag(json_node const& from, std::string_view name) {
    auto const* field = from.find(name);
    if (field == nullptr) return std::nullopt;
    auto const* value = field->as<bool>();
    return value == nullptr ? std::nullopt : std::optional(*value);
}

} // namespace otpd::bridgexapi::json_fields
