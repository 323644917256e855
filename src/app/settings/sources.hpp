#pragma once

/// The readers of the two kinds of file and their common parts: texts by key with their positions,
/// and the conversion of texts to the values of a section or of a table's entry.

#include "keys.hpp"
#include "settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

struct found_value;
using found_values = std::map<std::string, found_value>; ///< by `section.key`

/// One `[[name]]` of the file, or one table of a list in it.
struct found_table {
    std::string name;     ///< for a list in it: the key
    std::string title;    ///< for messages: `[[limit]]`, or `[[route_plan]] "login" step 2`
    std::string source;   ///< "config.toml:12"
    bool is_part = false; ///< belongs to a list in another table
    found_values values;  ///< by their names without a prefix
};

/// One value as it was written, before it is checked.
struct found_value {
    std::string text;   ///< in the environment's notation
    std::string source; ///< "config.toml:12"
    bool usable = true; ///< false: it has the wrong TOML type, and `text` is only for the message
    std::vector<found_table> tables{}; ///< for a list of tables; `text` is then only for the
                                       ///  message
};

struct found_file {
    found_values values;
    std::vector<found_table> tables; ///< in the order of the file
};

/// Unknown sections and keys and malformed TOML are faults. A syntax fault is reported by its
/// position only: the parser's message may quote a secret that lacks its quotes.
[[nodiscard]] found_file read_toml(source_file const& file, fault_lines& faults);

/// Reads a `.env` file like python-dotenv (the reference service's reader): `KEY=value`, an
/// optional `export `, comments, 'literal' and "escaped" values over several lines. `$` has no
/// meaning. Unlike python-dotenv, `KEY= # note` is empty: the note is a comment and never a secret.
/// A line without an assignment is a fault.
[[nodiscard]] std::map<std::string, std::string> read_dotenv(source_file const& file,
                                                             fault_lines& faults);

/// The candidate nearest to `wrong`, as " (did you mean X?)"; nothing if none is near.
[[nodiscard]] std::string suggestion(std::string_view wrong,
                                     std::vector<std::string> const& candidates);

// --- from texts to values -----------------------------------------------------------------------

/// What a reader of values needs in addition to them.
struct reading {
    std::function<secret_file(std::string const& path)> open_secret;
    fault_lines faults;
};

/// ` = "value"`, but nothing of a secret.
[[nodiscard]] std::string shown_value(key_words const& key, found_value const& value);
/// "must be …", and what else is wrong with the text.
[[nodiscard]] std::string fault_of(key_words const& key, found_value const& value);
/// Returns the contents of a file of secrets, one per line if the key is a list; or nothing and a
/// fault that begins with `where`.
[[nodiscard]] std::optional<found_value> read_secret_file(key_words const& secret,
                                                          found_value const& path,
                                                          std::string const& where, reading& with);

/// Reads the values that `find` returns for the keys into `to`. `where` is the start of a message
/// about a key: its name and its source; null if the key was not found.
template <class Owner, class Find, class Where>
void read_keys(std::span<key_of<Owner> const> keys, Owner& to, Find find, Where where,
               reading& with) {
    auto const read = [&](key_of<Owner> const& key, found_value const& value,
                          std::string const& place) {
        bool const is_bare =
            !key.is_concealed() || values::leftover_in_secret(value.text, key.kind) == nullptr;
        if (is_bare && value.usable && key.read(to, value.text)) return true;
        with.faults.push_back(place + ": " + fault_of(key, value));
        return false;
    };
    for (std::size_t i = 0; i < keys.size(); ++i) {
        auto const& key = keys[i];
        if (key.is_file) continue; // read together with its secret, which precedes it
        std::optional<found_value> value = find(key);
        auto place = where(key, value ? &*value : nullptr);
        if (key.is_secret) {
            auto const& file = keys[i + 1];
            std::optional<found_value> const path = find(file);
            if (path && !path->text.empty()) {
                auto const place_of_file = where(file, &*path);
                if (value && !value->text.empty()) {
                    with.faults.push_back(place_of_file + ": " + key.path() + " is set too (" +
                                          value->source + "): leave one of them out");
                    continue;
                }
                if (!read(file, *path, place_of_file)) continue;
                value = read_secret_file(key, *path, place_of_file, with);
                if (!value) continue;
                place = place_of_file + ": its content";
            }
        }
        if (value)
            read(key, *value, place);
        else if (key.is_required)
            with.faults.push_back(place + ": must be " + key.allowed);
    }
}

} // namespace otpd::app
