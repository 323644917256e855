#pragma once

/// Texts of the repeatable tables.

#include "support.hpp"

#include <iterator>
#include <sstream>

namespace settings_test {

using otpd::app::key_words;
using otpd::app::toml_literal;
using otpd::app::value_kind;

/// The keys of all tables, except for those of files, which secret_files_test.cpp covers.
inline std::vector<key_words> const& table_keys() {
    static auto const all = [] {
        std::vector<key_words> keys;
        for (auto const& kind : otpd::app::table_kinds())
            std::ranges::copy_if(kind.keys, std::back_inserter(keys),
                                 [](key_words const& key) { return !key.is_file; });
        return keys;
    }();
    return all;
}

inline key_words const& table_key_of(std::string_view path) {
    auto const found = std::ranges::find(table_keys(), path, &key_words::path);
    BOOST_TEST_REQUIRE((found != table_keys().end()));
    return *found;
}

inline std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

inline std::string without_line(std::string const& text, std::string const& beginning) {
    std::string out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with(beginning)) out += line + '\n';
    return out;
}

/// A client with its own token.
inline std::string client_named(std::string const& name, char hex_digit = 'a') {
    return "[[client]]\nname = \"" + name + "\"\ntoken_sha256 = [\"" + std::string(64, hex_digit) +
           "\"]\n";
}

/// A plan of one step.
inline std::string plan_named(std::string const& name, std::string const& step = "{route = 3}") {
    return "[[route_plan]]\nname = \"" + name + "\"\nsteps = [" + step + "]\n";
}

/// A table's example with the key at `path` set to `value`, which is TOML; empty omits the key.
inline std::string example_with(std::string_view path, std::string const& value) {
    auto const table = std::string(path.substr(0, path.find('.')));
    auto const& wanted = table_key_of(path);
    std::string out = "[[" + table + "]]\n";
    for (auto const& key : table_keys()) {
        bool const other = key.section != table;
        // Omits keys that the example's client refers to, and those that exclude the key.
        bool const stands_against = !key.alternative.empty() || key.name == wanted.alternative;
        // A text has the variables of its purpose, and no others.
        if (path == "purpose.variables" && key.name == "message_template" && !value.empty()) {
            out += "message_template = \"{code} {amount} {payee}\"\n";
            continue;
        }
        bool const refers = (key.section != "client" && key.name == "client") ||
                            key.path() == "budget.only" || key.path() == "purpose.route_plan";
        // A hook has to have a client.
        if (key.path() == "hook.client" && table == "hook" && wanted.name != "client")
            out += "client = \"default\"\n";
        if (other || key.name == wanted.name || stands_against || refers) continue;
        out += key.name + " = " + toml_literal(key.kind, key.initial) + '\n';
    }
    // A client's routes must contain its default route.
    if (path == "client.default_route_id" || path == "client.default_route_plan")
        out = without_line(out, "routes = ");
    if (path == "client.routes") out = without_line(out, "default_route_id = ");
    if (!value.empty()) out += wanted.name + " = " + value + '\n';
    // The plans that a client or a purpose may have in tests.
    if (path == "client.default_route_plan" || path == "purpose.route_plan")
        out += plan_named("login");
    return out;
}

inline std::string example_without(std::string_view path) {
    return example_with(path, "");
}

} // namespace settings_test
