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

/// In the environment's notation a comma would make two items of one, and an empty one none.
bool is_item_of(value_kind list, toml::node const& item) {
    if (list == value_kind::whole_list) return item.is_integer();
    if (!item.is_string()) return false;
    auto const& text = item.as_string()->get();
    return !text.empty() && text.find(',') == std::string::npos;
}

bool is_list_of_tables(toml::node const& node) {
    auto const* const list = node.as_array();
    return list != nullptr && !list->empty() &&
           std::ranges::all_of(*list, [](toml::node const& each) { return each.is_table(); });
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
    case value_kind::date:
        return node.is_date() || node.is_string();
    case value_kind::money:
        return node.is_number() || node.is_string();
    case value_kind::table_list:
        return is_list_of_tables(node);
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

std::vector<std::string> table_names() {
    std::vector<std::string> names;
    for (auto const& key : table_keys())
        if (names.empty() || names.back() != key.table) names.emplace_back(key.table);
    return names;
}

std::vector<table_key> keys_of_table(std::string_view table) {
    std::vector<table_key> keys;
    std::ranges::copy_if(table_keys(), std::back_inserter(keys),
                         [&](table_key const& key) { return key.table == table; });
    return keys;
}

std::string unknown_key(std::string_view name, found_table const& in,
                        std::span<table_key const> keys) {
    std::vector<std::string> known;
    for (auto const& each : keys)
        known.emplace_back(each.name);
    return ": unknown key " + values::quoted_for_message(name) + " in " + in.title +
           suggestion(name, known);
}

void read_values(source_file const& file, toml::table const& from, std::span<table_key const> keys,
                 found_table& to, fault_lines& faults);

/// The tables of a list within `whole`, which messages call by the name that is written in it.
std::vector<found_table> read_parts(source_file const& file, toml::table const& whole,
                                    found_table const& found, table_key const& key,
                                    fault_lines& faults) {
    auto const name = whole["name"].value<std::string_view>();
    auto const of = found.title + (name ? ' ' + values::quoted_for_message(*name) : std::string());
    std::vector<found_table> parts;
    for (auto const& each : *whole[key.name].as_array()) {
        auto const number = std::to_string(parts.size() + 1);
        auto& part = parts.emplace_back();
        part.name = key.name;
        part.title = of + ' ' + std::string(key.part) + ' ' + number;
        part.source = place_of(file, each.source());
        part.is_part = true;
        read_values(file, *each.as_table(), key.parts(), part, faults);
    }
    return parts;
}

void read_values(source_file const& file, toml::table const& from, std::span<table_key const> keys,
                 found_table& to, fault_lines& faults) {
    for (auto const& [name, node] : from) {
        auto const key = std::ranges::find(keys, name.str(), &table_key::name);
        auto const place = place_of(file, name.source());
        if (key == keys.end()) {
            faults.push_back(place + unknown_key(name.str(), to, keys));
            continue;
        }
        found_value value{text_of(node), place, has_type(node, key->kind)};
        if (key->parts != nullptr && value.usable)
            value.tables = read_parts(file, from, to, *key, faults);
        to.values.emplace(std::string(name.str()), std::move(value));
    }
}

found_table read_entry(source_file const& file, std::string_view name, toml::table const& entry,
                       fault_lines& faults) {
    found_table read;
    read.name = name;
    read.title = "[[" + read.name + "]]";
    read.source = place_of(file, entry.source());
    read_values(file, entry, keys_of_table(name), read, faults);
    return read;
}

void read_entries(source_file const& file, std::string_view name, toml::node const& node,
                  std::vector<found_table>& found, fault_lines& faults) {
    auto const brackets = "[[" + std::string(name) + "]]";
    auto const place = place_of(file, node.source());
    if (!is_list_of_tables(node)) {
        faults.push_back(place + ": " + values::quoted_for_message(name) +
                         " is a table that may be repeated: write it as " + brackets);
        return;
    }
    auto const& entries = *node.as_array();
    if (entries.size() > table_key::entries_max) {
        faults.push_back(place + ": more than " + std::to_string(table_key::entries_max) + ' ' +
                         brackets);
        return;
    }
    for (auto const& each : entries)
        found.push_back(read_entry(file, name, *each.as_table(), faults));
}

/// What the name of something unknown at the top of the file is called.
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
    auto const tables = table_names();
    auto all_names = sections;
    all_names.insert(all_names.end(), tables.begin(), tables.end());
    auto const is_in = [](std::vector<std::string> const& names, std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    };
    for (auto const& [name, node] : root) {
        auto const* const table = node.as_table();
        auto const place = place_of(file, name.source());
        auto const shown = values::quoted_for_message(name.str());
        if (is_in(tables, name.str()))
            read_entries(file, name.str(), node, found.tables, faults);
        else if (is_in(sections, name.str()) && table != nullptr)
            read_section(file, name.str(), *table, found.values, faults);
        else if (is_in(sections, name.str()))
            faults.push_back(place + ": " + shown +
                             " is a section, not a key: write it in brackets");
        else
            faults.push_back(place + ": unknown " + std::string(kind_of(node)) + ' ' + shown +
                             suggestion(name.str(), all_names));
    }
    return found;
}

std::string_view toml_type(value_kind kind) noexcept {
    switch (kind) {
    case value_kind::whole:
        return "integer";
    case value_kind::number:
        return "number";
    case value_kind::boolean:
        return "boolean";
    case value_kind::text:
        return "string";
    case value_kind::whole_list:
        return "array of integers";
    case value_kind::date:
        return "date";
    case value_kind::money:
        return "string or number";
    case value_kind::table_list:
        return "array of inline tables";
    case value_kind::text_list:
        break;
    }
    return "array of strings";
}

} // namespace otpd::app
