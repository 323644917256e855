#include "settings_sources.hpp"
#include "settings_values.hpp"

#include <toml++/toml.h>

#include <algorithm>

namespace otpd::app {

namespace {

std::string place_of(source_file const& file, toml::source_region const& at) {
    return file.name + ':' + std::to_string(at.begin.line);
}

setting_key const* find_key(std::string_view section, std::string_view name) {
    auto const keys = setting_keys();
    auto const found = std::ranges::find_if(
        keys, [&](setting_key const& key) { return key.section == section && key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string> section_names() {
    std::vector<std::string> names;
    for (auto const& key : setting_keys())
        if (names.empty() || names.back() != key.section) names.emplace_back(key.section);
    return names;
}

std::vector<std::string> key_names(std::string_view section) {
    std::vector<std::string> names;
    for (auto const& key : setting_keys())
        if (key.section == section) names.emplace_back(key.name);
    return names;
}

/// A scalar in the environment's notation.
std::string scalar_text(toml::node const& node) {
    if (auto const* text = node.as_string()) return text->get();
    if (auto const* number = node.as_integer()) return std::to_string(number->get());
    if (auto const* number = node.as_floating_point()) return values::format_number(number->get());
    if (auto const* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return {};
}

bool is_item_of(value_kind list, toml::node const& item) {
    if (list == value_kind::whole_list) return item.is_integer();
    return item.is_string() && item.as_string()->get().find(',') == std::string::npos;
}

bool has_type(toml::node const& node, value_kind kind) {
    switch (kind) {
    case value_kind::whole:
        return node.is_integer();
    case value_kind::number:
        return node.is_number();
    case value_kind::boolean:
        return node.is_boolean();
    case value_kind::text:
        return node.is_string();
    case value_kind::whole_list:
    case value_kind::text_list:
        break;
    }
    return node.is_array() && std::ranges::all_of(*node.as_array(), [&](toml::node const& item) {
               return is_item_of(kind, item);
           });
}

std::string text_of(toml::node const& node) {
    auto const* const array = node.as_array();
    if (array == nullptr) return scalar_text(node);
    std::string out;
    for (auto const& item : *array)
        out += (out.empty() ? "" : ",") + scalar_text(item);
    return out;
}

void read_section(source_file const& file, std::string_view section, toml::table const& table,
                  found_values& found, fault_lines& faults) {
    for (auto const& [name, node] : table) {
        auto const* const key = find_key(section, name.str());
        if (key == nullptr) {
            faults.push_back(place_of(file, name.source()) + ": unknown key " +
                             values::quoted_for_message(name.str()) + " in [" +
                             std::string(section) + ']' +
                             suggestion(name.str(), key_names(section)));
            continue;
        }
        found.emplace(key->path(), found_value{text_of(node), place_of(file, name.source()),
                                               has_type(node, key->kind)});
    }
}

} // namespace

found_values read_toml(source_file const& file, fault_lines& faults) {
    found_values found;
    toml::table root;
    try {
        root = toml::parse(std::string_view(file.text), std::string_view(file.name));
    } catch (toml::parse_error const& error) {
        faults.push_back(place_of(file, error.source()) + ':' +
                         std::to_string(error.source().begin.column) +
                         ": not valid TOML (texts need quotes, a key may appear once)");
        return found;
    }
    auto const sections = section_names();
    for (auto const& [name, node] : root) {
        auto const known = std::ranges::find(sections, name.str()) != sections.end();
        auto const* const table = node.as_table();
        auto const shown = values::quoted_for_message(name.str());
        if (known && table != nullptr)
            read_section(file, name.str(), *table, found, faults);
        else if (known)
            faults.push_back(place_of(file, name.source()) + ": " + shown +
                             " is a section, not a key: write it in brackets");
        else
            faults.push_back(place_of(file, name.source()) + ": unknown " +
                             (table != nullptr ? "section " : "key outside a section ") + shown +
                             suggestion(name.str(), sections));
    }
    return found;
}

} // namespace otpd::app
