#include "process_sources.hpp"

#include "command_line.hpp"
#include "settings/keys.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <span>

namespace otpd::app {

namespace {

constexpr std::size_t max_config_bytes = 256 * 1024;
constexpr std::size_t max_dotenv_bytes = 64 * 1024;
constexpr std::size_t max_secret_bytes = 64 * 1024;
constexpr std::size_t max_pem_bytes = 4 * 1024 * 1024;
constexpr char const* default_config = "config.toml";
constexpr char const* dotenv_name = ".env";

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
    for (char* const* it = environ; *it != nullptr; ++it) {
        std::span<char> const entry(*it, std::strlen(*it));
        auto const equals = std::ranges::find(entry, '=') - entry.begin();
        if (static_cast<std::size_t>(equals) == entry.size()) continue;
        visit(std::string(*it, static_cast<std::size_t>(equals)),
              entry.subspan(static_cast<std::size_t>(equals) + 1));
    }
}

} // namespace

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

} // namespace otpd::app
