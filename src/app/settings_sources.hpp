#pragma once

/// The readers of the two kinds of file, and what they share: texts by key, with where they were
/// found.

#include "otpd/app/settings_keys.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

using fault_lines = std::vector<std::string>;

struct found_value;
using found_values = std::map<std::string, found_value>; ///< by `section.key`

/// One `[[name]]` of the file, or one table of a list in it.
struct found_table {
    std::string name;     ///< of the list in it: the key
    std::string title;    ///< for messages: `[[limit]]`, or `[[route_plan]] "login" step 2`
    std::string source;   ///< "config.toml:12"
    bool is_part = false; ///< of a list in another
    found_values values;  ///< by their name alone
};

/// One value as it was written, before anybody knows whether it is good.
struct found_value {
    std::string text;   ///< in the environment's notation
    std::string source; ///< "config.toml:12"
    bool usable = true; ///< false: of the wrong TOML type, `text` is for the message only
    std::vector<found_table> tables{}; ///< of a list of tables, with `text` for the message only
};

struct found_file {
    found_values values;
    std::vector<found_table> tables; ///< in the order of the file
};

/// Unknown sections and keys, and whatever is not TOML, are faults. A fault of the syntax is named
/// by its place alone: the parser's own words may quote a secret that lacks its quotes.
[[nodiscard]] found_file read_toml(source_file const& file, fault_lines& faults);

/// What TOML calls it, for messages.
[[nodiscard]] std::string_view toml_type(value_kind kind) noexcept;

/// Reads the tables into the settings; what has a fault stays out.
void read_tables(std::vector<found_table> const& found, settings& to, fault_lines& faults);

/// check_together() of the tables; of those about routes and money, and of webhooks.
[[nodiscard]] fault_lines check_tables(settings const& all);
[[nodiscard]] fault_lines check_plans(settings const& all);
/// Of what is unsafe where others than this machine reach it, and was not accepted in words.
[[nodiscard]] fault_lines check_exposure(settings const& all);
/// That each country that is named anywhere exists.
[[nodiscard]] fault_lines check_countries(settings const& all);

/// A `.env` file as python-dotenv reads it (the reference service's reader): `KEY=value`, `export `
/// before it, comments, 'literal' and "escaped" values over several lines. `$` has no meaning. Other
/// than there, `KEY= # note` is empty: the note is a comment, never a secret. A line that holds no
/// assignment is a fault.
[[nodiscard]] std::map<std::string, std::string> read_dotenv(source_file const& file,
                                                             fault_lines& faults);

/// The candidate nearest to `wrong`, as " (did you mean X?)", or nothing when none is near.
[[nodiscard]] std::string suggestion(std::string_view wrong,
                                     std::vector<std::string> const& candidates);

/// What depends on more than one key, and the settings that are not safe. A line for each fault,
/// which says what to do.
[[nodiscard]] fault_lines check_together(settings const& all);

} // namespace otpd::app
