#include "otpd/app/command_line.hpp"

#include "version.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace otpd::app {

namespace {

namespace po = boost::program_options;

constexpr std::size_t max_config_bytes = 256 * 1024;
constexpr std::size_t max_dotenv_bytes = 64 * 1024;
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
    {"listen", "server.listen", "HOST:PORT", "address of the API; port 0 takes a free one"},
    {"admin-listen", "admin.listen", "HOST:PORT", "address of metrics; empty turns them off"},
    {"threads", "server.threads", "N", "threads; 0 is one for each processor"},
}};

po::options_description options() {
    po::options_description all("Options", 100);
    auto add = all.add_options();
    add("config", po::value<std::string>()->value_name("FILE"),
        "read settings from FILE (default: config.toml, if it exists)");
    for (auto const& each : key_options)
        add(each.option, po::value<std::string>()->value_name(each.value_name), each.help);
    add("check-config", "check the settings and end");
    add("version", "print the version and end");
    add("help", "print this and end");
    return all;
}

std::string usage() {
    std::ostringstream out;
    out << "Usage: otpd [options]\n\nSends one-time passcodes by SMS through BridgeXAPI and "
           "verifies "
           "them.\n\n"
        << options()
        << "\nEvery setting is described in config.toml. An option beats the environment "
        << "(OTPD_SECTION_KEY),\nwhich beats .env in the working directory, which beats the "
           "file.\n";
    return out.str();
}

/// The option's name without what was given as its value: that may be a secret in the wrong place.
std::string name_only(std::string const& token) {
    return token.substr(0, token.find('='));
}

settings_faults one_fault(std::string line) {
    return settings_faults{{std::move(line)}};
}

enum class file_fault { missing, unreadable, too_large };

std::variant<source_file, file_fault> read_file(std::string const& path, std::size_t max_bytes) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return access(path.c_str(), F_OK) == 0 ? file_fault::unreadable : file_fault::missing;
    std::string text(max_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) return file_fault::unreadable;
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_bytes) return file_fault::too_large;
    return source_file{path, std::move(text)};
}

/// Into `into`; a line in `faults` when that fails, except for a missing file that may be missing.
void read_into(std::optional<source_file>& into, std::string const& path, std::size_t max_bytes,
               bool required, settings_faults& faults) {
    auto file = read_file(path, max_bytes);
    if (auto* const read = std::get_if<source_file>(&file)) {
        into = std::move(*read);
        return;
    }
    switch (std::get<file_fault>(file)) {
    case file_fault::missing:
        if (required) faults.lines.push_back(path + ": no such file");
        return;
    case file_fault::unreadable:
        faults.lines.push_back(path + ": cannot be read");
        return;
    case file_fault::too_large:
        faults.lines.push_back(path + ": larger than " + std::to_string(max_bytes) + " bytes");
        return;
    }
}

std::map<std::string, std::string> copy_environment() {
    std::map<std::string, std::string> out;
    for (char const* const* each = environ; *each != nullptr; ++each) {
        std::string_view const entry(*each);
        auto const equals = entry.find('=');
        if (equals != std::string_view::npos)
            out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return out;
}

early_exit failed(settings_faults const& faults) {
    early_exit out{exit_bad_settings, {}, {}};
    for (auto const& line : faults.lines)
        out.errors += "otpd: " + line + '\n';
    return out;
}

} // namespace

std::string_view program_version() noexcept {
    return version;
}

boost::system::result<command_line, settings_faults> parse_command_line(int argc,
                                                                        char const* const* argv) {
    namespace style = po::command_line_style;
    po::variables_map found;
    try {
        auto const all = options();
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
    command_line out;
    out.check_config = found.count("check-config") != 0;
    out.version = found.count("version") != 0;
    out.help = found.count("help") != 0;
    if (found.count("config") != 0) out.config_path = found["config"].as<std::string>();
    for (auto const& each : key_options)
        if (found.count(each.option) != 0)
            out.flags.emplace(each.key, found[each.option].as<std::string>());
    return out;
}

boost::system::result<settings_sources, settings_faults> read_sources(command_line const& line) {
    settings_sources out;
    settings_faults faults;
    out.flags = line.flags;
    out.environment = copy_environment();
    read_into(out.dotenv, dotenv_name, max_dotenv_bytes, false, faults);
    read_into(out.config, line.config_path.value_or(default_config), max_config_bytes,
              line.config_path.has_value(), faults);
    if (!faults.lines.empty()) return faults;
    return out;
}

std::variant<settings, early_exit> settings_from_process(int argc, char const* const* argv) {
    auto const line = parse_command_line(argc, argv);
    if (!line) return failed(line.error());
    if (line->help) return early_exit{exit_good, usage(), {}};
    if (line->version)
        return early_exit{exit_good, "otpd " + std::string(program_version()) + '\n', {}};
    auto const sources = read_sources(*line);
    if (!sources) return failed(sources.error());
    auto loaded = load_settings(*sources);
    if (!loaded) return failed(loaded.error());
    if (line->check_config) return early_exit{exit_good, "configuration ok\n", {}};
    return std::move(*loaded);
}

} // namespace otpd::app
