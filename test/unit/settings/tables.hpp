#pragma once

/// Texts of the tables that may be repeated.

#include "support.hpp"

#include <sstream>

namespace settings_test {

using otpd::app::table_key;
using otpd::app::table_keys;
using otpd::app::value_kind;

inline std::string path_of(table_key const& key) {
    return std::string(key.table) + '.' + std::string(key.name);
}

inline table_key const& table_key_of(std::string_view path) {
    auto const keys = table_keys();
    auto const found =
        std::ranges::find_if(keys, [&](table_key const& each) { return path_of(each) == path; });
    BOOST_TEST_REQUIRE((found != keys.end()));
    return *found;
}

inline std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

inline std::string toml_list(std::string_view text, std::string const& quote) {
    std::string items;
    std::istringstream in{std::string(text)};
    for (std::string item; std::getline(in, item, ',');)
        items += (items.empty() ? "" : ", ") + quote + item + quote;
    return '[' + items + ']';
}

/// From the environment's notation.
inline std::string toml_literal(value_kind kind, std::string_view text) {
    switch (kind) {
    case value_kind::whole:
    case value_kind::number:
    case value_kind::boolean:
    case value_kind::date:
    case value_kind::table_list: // has no other notation
        return std::string(text);
    case value_kind::text:
    case value_kind::money:
        return '"' + std::string(text) + '"';
    case value_kind::whole_list:
        return toml_list(text, "");
    case value_kind::text_list:
        break;
    }
    return toml_list(text, "\"");
}

inline std::string without_line(std::string const& text, std::string const& beginning) {
    std::string out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with(beginning)) out += line + '\n';
    return out;
}

/// A client with a token of its own.
inline std::string client_named(std::string const& name, char hex_digit = 'a') {
    return "[[client]]\nname = \"" + name + "\"\ntoken_sha256 = [\"" + std::string(64, hex_digit) +
           "\"]\n";
}

/// A plan of one step.
inline std::string plan_named(std::string const& name, std::string const& step = "{route = 3}") {
    return "[[route_plan]]\nname = \"" + name + "\"\nsteps = [" + step + "]\n";
}

/// The values of a table's example, but for one key; `value` is TOML, empty leaves the key out.
inline std::string example_with(std::string_view path, std::string const& value) {
    auto const table = std::string(path.substr(0, path.find('.')));
    auto const& wanted = table_key_of(path);
    std::string out = "[[" + table + "]]\n";
    for (auto const& key : table_keys()) {
        bool const other = key.table != table;
        // What the example's client refers to, and what excludes the key, is not there.
        bool const stands_against = !key.alternative.empty() || key.name == wanted.alternative;
        bool const refers =
            (key.table != "client" && key.name == "client") || path_of(key) == "budget.only";
        if (other || key.name == wanted.name || stands_against || refers) continue;
        out += std::string(key.name) + " = " + toml_literal(key.kind, key.example) + '\n';
    }
    // A client's routes hold the one it uses by default.
    if (path == "client.default_route_id" || path == "client.default_route_plan")
        out = without_line(out, "routes = ");
    if (path == "client.routes") out = without_line(out, "default_route_id = ");
    if (!value.empty()) out += std::string(wanted.name) + " = " + value + '\n';
    // The plans that a client may have in tests.
    if (path == "client.default_route_plan") out += plan_named("login");
    return out;
}

inline std::string example_without(std::string_view path) {
    return example_with(path, "");
}

} // namespace settings_test
