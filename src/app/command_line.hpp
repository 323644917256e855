#pragma once

/// From `argv`, the environment and the files to checked settings, or to an exit code with what to
/// print. The only part of the settings that touches the process.

#include "settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace otpd::app {

struct command_line {
    std::optional<std::string> config_path;   ///< --config
    std::map<std::string, std::string> flags; ///< `section.key` -> value, for settings_sources
    std::optional<std::string> schema_for;    ///< --print-schema: of a role, or empty
    std::optional<std::string> config_as;     ///< --print-config: as toml or markdown
    bool check_config = false;
    bool version = false;
    bool help = false;
};

/// `argv[0]` is skipped. An unknown option, a missing value or a stray argument is a fault.
[[nodiscard]] boost::system::result<command_line, settings_faults>
parse_command_line(int argc, char const* const* argv);

/// The environment of the process as it is when this is made. Outlives what the process has of it,
/// so SIGHUP finds the same values.
class process_environment {
public:
    process_environment();

    [[nodiscard]] std::map<std::string, std::string> variables() const;
    /// Overwrites the values of secrets where the process has them: /proc/PID/environ shows that. A
    /// value with a part that is secret, such as store.url, goes as a whole. For the one thread
    /// before others begin.
    static void wipe_secrets();

private:
    std::map<std::string, secret_string> variables_;
};

/// Opens the files: --config (must exist) or else ./config.toml (may be missing), and ./.env (may
/// be missing). They are bounded: 256 KiB for TOML, 64 KiB for .env.
[[nodiscard]] boost::system::result<settings_sources, settings_faults>
read_sources(command_line const& line, process_environment const& environment);

/// What to print and how to end: the program does not start.
struct early_exit {
    /// 0 after --help, --version, --print-*, and a good --check-config; 2 for bad settings.
    int code;
    std::string output; ///< for the standard output
    std::string errors; ///< for the standard error, a line for each fault
};

/// All of the above in order, and whether others than its owner and group reach the store's file.
/// `main` prints and returns an early_exit, or runs with the settings.
[[nodiscard]] std::variant<settings, early_exit>
settings_from_process(int argc, char const* const* argv, process_environment const& environment);

/// The version of this program, as CMake knows it.
[[nodiscard]] std::string_view program_version() noexcept;

} // namespace otpd::app
