#include "command_line.hpp"

#include "otpd/store/postgres_store.hpp"
#include "settings_keys.hpp"
#include "version.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <set>
#include <span>
#include <sstream>

namespace otpd::app {

namespace {

namespace po = boost::program_options;

constexpr std::size_t max_config_bytes = 256 * 1024;
constexpr std::size_t max_dotenv_bytes = 64 * 1024;
constexpr std::size_t max_secret_bytes = 64 * 1024;
constexpr std::size_t max_pem_bytes = 4 * 1024 * 1024;
constexpr char const* default_config = "config.toml";
constexpr char const* dotenv_name = ".env";
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
    for (auto const& each : key_options)
        add(each.option, po::value<std::string>()->value_name(each.value_name), each.help);
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

/// Whether the file's mode has these permission bits; false if there is no file.
bool has_mode(std::string const& path, unsigned bits) {
    struct stat found{};
    return stat(path.c_str(), &found) == 0 && (found.st_mode & bits) != 0;
}

bool is_open_to_all(std::string const& path) {
    return has_mode(path, S_IROTH | S_IWOTH);
}

constexpr char const* no_such_file = "no such file";

secret_file read_file(std::string const& path, std::size_t max_bytes) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return {{}, access(path.c_str(), F_OK) == 0 ? "cannot be read" : no_such_file};
    std::string text(max_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) return {{}, "cannot be read"};
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_bytes) return {{}, "larger than " + std::to_string(max_bytes) + " bytes"};
    return {std::move(text), {}};
}

/// Docker (0444) and Kubernetes (0644) mount secrets world-readable, where no other users exist. A
/// world-writable file is always an error.
secret_file read_secret(std::string const& path) {
    if (has_mode(path, S_IWOTH))
        return {{}, "every user of the machine may write to it: chmod o-w " + path};
    return read_file(path, max_secret_bytes);
}

secret_digest digest_of_file(std::string const& path) {
    return secret_string(read_file(path, max_pem_bytes).text).digest(); // it may be a key
}

/// Reads the file into `into`. Adds a line to `faults` on failure, unless the file is missing and
/// optional.
void read_into(std::optional<source_file>& into, std::string const& path, std::size_t max_bytes,
               bool required, settings_faults& faults) {
    auto file = read_file(path, max_bytes);
    if (file.fault.empty())
        into = source_file{path, std::move(file.text), is_open_to_all(path)};
    else if (required || file.fault != no_such_file)
        faults.lines.push_back(path + ": " + file.fault);
}

/// Calls `visit(name, value)` for each variable. `visit` may overwrite the value.
template <class Visit>
void for_each_variable(Visit visit) {
    for (char* const* each = environ; *each != nullptr; ++each) {
        std::span<char> const entry(*each, std::strlen(*each));
        auto const equals = std::ranges::find(entry, '=') - entry.begin();
        if (static_cast<std::size_t>(equals) == entry.size()) continue;
        visit(std::string(*each, static_cast<std::size_t>(equals)),
              entry.subspan(static_cast<std::size_t>(equals) + 1));
    }
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

std::vector<std::string> faults_of_database(settings const& all) {
    std::vector<std::string> faults;
    if (all.store.url.type != store::location::kind::sqlite || all.server.listen.is_loopback())
        return faults;
    auto const& database = all.store.url.path;
    for (auto const& path : {database, database + "-wal"})
        if (is_open_to_all(path))
            faults.push_back("store.url: " + path +
                             " is open to every user of the machine: chmod o= " + path);
    return faults;
}

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
    for (auto const& each : key_options)
        if (found.count(each.option) != 0)
            out.flags.emplace(each.key, found[each.option].as<std::string>());
    return out;
}

process_environment::process_environment() {
    for_each_variable([this](std::string name, std::span<char> value) {
        variables_.emplace(std::move(name), secret_string({value.begin(), value.end()}));
    });
}

std::map<std::string, std::string> process_environment::variables() const {
    std::map<std::string, std::string> out;
    for (auto const& [name, value] : variables_)
        out.emplace(name, value.reveal());
    return out;
}

void process_environment::wipe_secrets() {
    std::set<std::string, std::less<>> names;
    for (auto const& key : setting_keys())
        if (key.is_secret || key.is_partly_secret)
            names.insert({key.environment_name(), key.alias});
    for_each_variable([&](std::string const& name, std::span<char> value) {
        if (names.contains(name)) wipe(std::as_writable_bytes(value));
    });
}

boost::system::result<settings_sources, settings_faults>
read_sources(command_line const& line, process_environment const& environment) {
    settings_sources out;
    settings_faults faults;
    out.flags = line.flags;
    out.environment = environment.variables();
    out.open_secret = read_secret;
    out.digest_of_file = digest_of_file;
    read_into(out.dotenv, dotenv_name, max_dotenv_bytes, false, faults);
    read_into(out.config, line.config_path.value_or(default_config), max_config_bytes,
              line.config_path.has_value(), faults);
    if (!faults.lines.empty()) return faults;
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
