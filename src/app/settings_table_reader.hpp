#pragma once

/// How a table that may be repeated is described, and how what stands in it becomes an entry of the
/// settings.

#include "settings_rows.hpp"
#include "settings_sources.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::app {

/// What reads one value into an entry; false when the text is not allowed.
template <class Entry>
struct reader {
    table_key key;
    bool (*read)(Entry& to, std::string_view text);
};

/// `[[name]]`.
struct table_kind {
    std::string_view name;
    std::string_view help; ///< one or two sentences
    std::vector<table_key> (*keys)();
    /// Adds the entry, or a line for each fault.
    void (*read)(found_table const& from, settings& to, fault_lines& faults);
};

[[nodiscard]] table_kind route_plan_table() noexcept;
[[nodiscard]] table_kind budget_table() noexcept;
[[nodiscard]] table_kind webhook_table() noexcept;

template <class T, class Target>
bool assign(std::optional<T> value, Target& to) {
    if (value) to = *std::move(value);
    return value.has_value();
}

/// Where a fault of the table is, and which table it is: the beginning of every line about it.
[[nodiscard]] std::string place_and_title(found_table const& of);
[[nodiscard]] std::string fault_of(found_table const& in, table_key const& key,
                                   found_value const& value);
/// Of a secret: what was left in it, as values::leftover_in_secret() says.
[[nodiscard]] std::optional<std::string> leftover_in(found_table const& in, table_key const& key,
                                                     found_value const& value);

/// The entry, or nothing and a line for each fault.
template <class Entry>
std::optional<Entry> read_entry(found_table const& from, std::span<reader<Entry> const> readers,
                                fault_lines& faults) {
    Entry entry;
    auto const before = faults.size();
    for (auto const& [key, read] : readers) {
        auto const value = from.values.find(std::string(key.name));
        if (value == from.values.end()) {
            if (key.required)
                faults.push_back(place_and_title(from) + "lacks " + std::string(key.name) +
                                 ": must be " + std::string(key.allowed));
        } else if (auto fault = leftover_in(from, key, value->second)) {
            faults.push_back(*std::move(fault));
        } else if (!value->second.usable || !read(entry, value->second.text)) {
            faults.push_back(fault_of(from, key, value->second));
        }
    }
    if (faults.size() > before) return std::nullopt;
    return entry;
}

template <class Entry>
std::vector<table_key> keys_of(std::span<reader<Entry> const> readers) {
    std::vector<table_key> keys;
    for (auto const& each : readers)
        keys.push_back(each.key);
    return keys;
}

} // namespace otpd::app
