#include "command_line.hpp"

#include "otpd/store/postgres_store.hpp"
#include "version.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <array>
#include <sstream>

namespace otpd::app {

namespace {

namespace po = boost::program_options;

constexpr int exit_good = 0;
constexpr int exit_bad_settings = 2;

/// The keys that have an option of their own.
struct key_option {
    char const* option;
    char const* key;
    char const* value_name;
    char const* help;
};
constexpr std::array<key_option, 3> key_options{{
    {"listen", "server.listen", "HOST:PORT", "address of the API; port 0 picks a free port"},
    {"admin-listen", "admin.listen", "HOST:PORT", "address of the admin listener; empty: none"},
    {"threads", "server.threads", "N", "threads; 0: one for each processor"},
}};

po::options_description options() {
    po::options_description all("Options", 100);
    auto add = all.add_options();
    add("config", po::value<std::string>()->value_name("FILE"),
        "read settings from FILE (default: config.toml, if it exists)");
    for (auto const& key_option : key_options)
        add(key_option.option, po::value<std::string>()->value_name(key_option.value_name),
            key_option.help);
    add("check-config", "check the settings and exit");
    add("print-schema", po::value<std::string>()->implicit_value("")->value_name("[=ROLE]"),
        "print the SQL that creates the tables in PostgreSQL and grants their use to ROLE, and "
        "exit");
    add("print-config",
        po::value<std::string>()->implicit_value("toml", "")->value_name("[=markdown]"),
        "print every setting as a configuration file or as a page, and exit");
    add("version", "print the version and exit");
    add("help", "print this and exit");
    return all;
}

std::string usage() {
    std::ostringstream out;
    out << "Usage: otpd [options]\n       otpd backtest --help\n\nSends one-time passcodes by SMS "
           "through BridgeXAPI and "
           "verifies "
           "them.\n\n"
        << options()
        << "\nEvery setting is described in config.toml. An option beats the environment "
        << "(OTPD_SECTION_KEY),\nwhich beats .env in the working directory, which beats the "
           "file.\n";
    return out.str();
}

/// The option's name without an attached value, which may be a misplaced secret.
std::string name_only(std::string const& token) {
    return token.substr(0, token.find('='));
}

settings_faults one_fault(std::string line) {
    return settings_faults{{std::move(line)}};
}

/// Parses `argv`, without positional arguments.
boost::system::result<po::variables_map, settings_faults>
parse_options(int argc, char const* const* argv, po::options_description const& all) {
    namespace style = po::command_line_style;
    po::variables_map found;
    try {
        auto const parsed = po::command_line_parser(argc, argv)
                                .options(all)
                                .positional({})
                                .style(style::unix_style & ~style::allow_guessing)
                                .run();
        po::store(parsed, found);
    } catch (po::too_many_positional_options_error const&) {
        return one_fault("unexpected argument on the command line; see otpd --help");
    } catch (po::error_with_option_name const& error) {
        return one_fault("option " + name_only(error.get_option_name()) +
                         " is unknown, repeated, or its value is missing; see otpd --help");
    } catch (po::error const&) {
        return one_fault("the command line cannot be understood; see otpd --help");
    }
    return found;
}

po::options_description backtest_options() {
    po::options_description all("Options", 100);
    auto add = all.add_options();
    add("timeline",
        po::value<std::vector<std::string>>()->multitoken()->composing()->value_name("FILE..."),
        "files of timeline.file, in any order");
    add("config", po::value<std::string>()->value_name("FILE"), "the settings to try");
    add("json", "print one JSON object");
    add("help", "print this and exit");
    return all;
}

} // namespace

early_exit exit_with(settings_faults const& faults) {
    early_exit out{exit_bad_settings, {}, {}, faults.lines};
    for (auto const& line : faults.lines)
        out.errors += "otpd: " + line + '\n';
    return out;
}

std::string backtest_usage() {
    std::ostringstream out;
    out << "Usage: otpd backtest --timeline FILE... --config FILE [--json]\n\nSays what other "
           "settings would have done with the sends of a timeline. Sends nothing.\n\n"
        << backtest_options();
    return out.str();
}

boost::system::result<backtest_line, settings_faults> parse_backtest_line(int argc,
                                                                          char const* const* argv) {
    auto const found = parse_options(argc, argv, backtest_options());
    if (!found) return found.error();
    backtest_line out;
    out.help = found->count("help") != 0;
    out.as_json = found->count("json") != 0;
    if (out.help) return out;
    if (found->count("timeline") == 0 || found->count("config") == 0)
        return one_fault("backtest needs --timeline and --config; see otpd backtest --help");
    out.timelines = (*found)["timeline"].as<std::vector<std::string>>();
    out.config_path = (*found)["config"].as<std::string>();
    return out;
}

std::string_view program_version() noexcept {
    return version;
}

boost::system::result<command_line, settings_faults> parse_command_line(int argc,
                                                                        char const* const* argv) {
    auto const parsed = parse_options(argc, argv, options());
    if (!parsed) return parsed.error();
    auto const& found = *parsed;
    command_line out;
    if (found.count("print-config") != 0) out.config_as = found["print-config"].as<std::string>();
    if (out.config_as.value_or("toml") != "toml" && out.config_as != "markdown")
        return one_fault("option --print-config prints toml or markdown; see otpd --help");
    out.check_config = found.count("check-config") != 0;
    out.version = found.count("version") != 0;
    out.help = found.count("help") != 0;
    if (found.count("config") != 0) out.config_path = found["config"].as<std::string>();
    if (found.count("print-schema") != 0) out.schema_for = found["print-schema"].as<std::string>();
    for (auto const& key_option : key_options)
        if (found.count(key_option.option) != 0)
            out.flags.emplace(key_option.key, found[key_option.option].as<std::string>());
    return out;
}

std::variant<settings, early_exit> settings_from_process(int argc, char const* const* argv,
                                                         process_environment const& environment) {
    auto const line = parse_command_line(argc, argv);
    if (!line) return exit_with(line.error());
    if (line->help) return early_exit{exit_good, usage(), {}};
    if (line->version)
        return early_exit{exit_good, "otpd " + std::string(program_version()) + '\n', {}};
    if (line->config_as)
        return early_exit{
            exit_good, line->config_as == "toml" ? config_file() : configuration_page(), {}};
    auto const sources = read_sources(*line, environment);
    if (!sources) return exit_with(sources.error());
    if (line->schema_for) {
        auto const schema = load_setting(*sources, "store.schema");
        if (!schema) return exit_with(schema.error());
        return early_exit{
            exit_good, store::postgres_schema(schema->store.schema, *line->schema_for), {}};
    }
    auto loaded = load_settings(*sources);
    if (!loaded) return exit_with(loaded.error());
    if (auto faults = faults_of_database(*loaded); !faults.empty())
        return exit_with(settings_faults{std::move(faults)});
    if (line->check_config) return early_exit{exit_good, "configuration ok\n", {}};
    return std::move(*loaded);
}

} // namespace otpd::app
