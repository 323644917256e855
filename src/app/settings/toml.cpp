// The reader of config.toml.

#include "sources.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace otpd::app {

namespace {

std::string place_of(source_file const& file, toml::source_region const& at) {
    return file.name + ':' + std::to_string(at.begin.line);
}

std::vector<std::string> section_names() {
    std::vector<std::string> names;
    for (auto const& key : setting_keys())
        if (names.empty() || names.back() != key.section) names.push_back(key.section);
    return names;
}

std::vector<key_words> keys_of_section(std::string_view section) {
    std::vector<key_words> keys;
    std::ranges::copy_if(setting_keys(), std::back_inserter(keys),
                         [&](setting_key const& key) { return key.section == section; });
    return keys;
}

std::string unknown_key(std::string_view name, std::string const& in,
                        std::span<key_words const> keys) {
    std::vector<std::string> known;
    for (auto const& key : keys)
        known.push_back(key.name);
    return ": unknown key " + values::quoted_for_message(name) + " in " + in +
           suggestion(name, known);
}

std::string date_text(toml::date const& day) {
    return values::format_date(std::chrono::year(day.year) / std::chrono::month(day.month) /
                               std::chrono::day(day.day));
}

/// A scalar in the environment's notation.
std::string scalar_text(toml::node const& node) {
    if (auto const* day = node.as_date()) return date_text(day->get());
    if (auto const* text = node.as_string()) return text->get();
    if (auto const* number = node.as_integer()) return std::to_string(number->get());
    if (auto const* number = node.as_floating_point()) return values::format_number(number->get());
    if (auto const* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (node.is_table()) return "{...}";
    return {};
}

/// In the environment's notation, a comma would split an item in two, and an empty item would
/// vanish.
bool is_item_of(value_kind list, toml::node const& item) {
    if (list == value_kind::whole_list) return item.is_integer();
    if (!item.is_string()) return false;
    auto const& text = item.as_string()->get();
    return !text.empty() && text.find(',') == std::string::npos;
}

bool is_list_of_tables(toml::node const& node) {
    auto const* const list = node.as_array();
    return list != nullptr && !list->empty() &&
           std::ranges::all_of(*list, [](toml::node const& node) { return node.is_table(); });
}

bool has_type(toml::node const& node, value_kind kind) {
    using enum value_kind;
    if (kind == table_list) return is_list_of_tables(node);
    if (kind == whole_list || kind == text_list)
        return node.is_array() &&
               std::ranges::all_of(*node.as_array(), [kind](toml::node const& item) {
                   return is_item_of(kind, item);
               });
    if (node.is_string()) return kind == text || kind == date || kind == money;
    if (node.is_integer()) return kind == whole || kind == number || kind == money;
    if (node.is_floating_point()) return kind == number || kind == money;
    return (kind == date && node.is_date()) || (kind == boolean && node.is_boolean());
}

std::string text_of(toml::node const& node) {
    auto const* const array = node.as_array();
    if (array == nullptr) return scalar_text(node);
    std::string out;
    for (auto const& item : *array)
        out += (out.empty() ? "" : ",") + scalar_text(item);
    return out;
}

void read_values(source_file const& file, toml::table const& table, std::span<key_words const> keys,
                 found_table& to, fault_lines& faults);

/// The tables of a list within `whole`. Messages call the list by its name in the file.
std::vector<found_table> read_parts(source_file const& file, toml::table const& whole,
                                    found_table const& found, key_words const& key,
                                    fault_lines& faults) {
    auto const name = whole["name"].value<std::string_view>();
    auto const of = found.title + (name ? ' ' + values::quoted_for_message(*name) : std::string());
    std::vector<found_table> parts;
    for (auto const& entry : *whole[std::string_view(key.name)].as_array()) {
        auto const number = std::to_string(parts.size() + 1);
        auto& part = parts.emplace_back();
        part.name = key.name;
        part.title = of + ' ' + key.part + ' ' + number;
        part.source = place_of(file, entry.source());
        part.is_part = true;
        read_values(file, *entry.as_table(), key.parts, part, faults);
    }
    return parts;
}

void read_values(source_file const& file, toml::table const& table, std::span<key_words const> keys,
                 found_table& to, fault_lines& faults) {
    for (auto const& [name, node] : table) {
        auto const key = std::ranges::find(keys, name.str(), &key_words::name);
        auto const place = place_of(file, name.source());
        if (key == keys.end()) {
            faults.push_back(place + unknown_key(name.str(), to.title, keys));
            continue;
        }
        found_value value{text_of(node), place, has_type(node, key->kind)};
        if (!key->parts.empty() && value.usable)
            value.tables = read_parts(file, table, to, *key, faults);
        to.values.emplace(std::string(name.str()), std::move(value));
    }
}

void read_section(source_file const& file, std::string_view section, toml::table const& table,
                  found_values& found, fault_lines& faults) {
    found_table read;
    read.title = '[' + std::string(section) + ']';
    read_values(file, table, keys_of_section(section), read, faults);
    for (auto& [name, value] : read.values)
        found.emplace(std::string(section) + '.' + name, std::move(value));
}

found_table read_entry(source_file const& file, table_kind const& kind, toml::table const& entry,
                       fault_lines& faults) {
    found_table read;
    read.name = kind.name;
    read.title = "[[" + read.name + "]]";
    read.source = place_of(file, entry.source());
    read_values(file, entry, kind.keys, read, faults);
    return read;
}

void read_entries(source_file const& file, table_kind const& kind, toml::node const& node,
                  std::vector<found_table>& found, fault_lines& faults) {
    auto const brackets = "[[" + kind.name + "]]";
    auto const place = place_of(file, node.source());
    if (!is_list_of_tables(node)) {
        faults.push_back(place + ": " + values::quoted_for_message(kind.name) +
                         " is a table that may be repeated: write it as " + brackets);
        return;
    }
    auto const& entries = *node.as_array();
    if (entries.size() > table_kind::entries_max) {
        faults.push_back(place + ": more than " + std::to_string(table_kind::entries_max) + ' ' +
                         brackets);
        return;
    }
    for (auto const& entry : entries)
        found.push_back(read_entry(file, kind, *entry.as_table(), faults));
}

/// What messages call an unknown name at the top of the file.
std::string_view kind_of(toml::node const& node) {
    if (node.is_table()) return "section";
    return is_list_of_tables(node) ? "table" : "key outside a section";
}

} // namespace

found_file read_toml(source_file const& file, fault_lines& faults) {
    found_file found;
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
    auto all_names = sections;
    for (auto const& kind : table_kinds())
        all_names.push_back(kind.name);
    for (auto const& [name, node] : root) {
        auto const* const table = node.as_table();
        auto const place = place_of(file, name.source());
        auto const shown = values::quoted_for_message(name.str());
        bool const is_section = std::ranges::find(sections, name.str()) != sections.end();
        auto const kind = std::ranges::find(table_kinds(), name.str(), &table_kind::name);
        if (kind != table_kinds().end())
            read_entries(file, *kind, node, found.tables, faults);
        else if (is_section && table != nullptr)
            read_section(file, name.str(), *table, found.values, faults);
        else if (is_section)
            faults.push_back(place + ": " + shown +
                             " is a section, not a key: write it in brackets");
        else
            faults.push_back(place + ": unknown " + std::string(kind_of(node)) + ' ' + shown +
                             suggestion(name.str(), all_names));
    }
    return found;
}

} // namespace otpd::app
