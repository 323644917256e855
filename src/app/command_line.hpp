#pragma once

/// Turns `argv`, the environment and the files into checked settings, or into an exit code and a
/// text.

#include "process_sources.hpp"
#include "settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpd::app {

struct command_line {
    std::optional<std::string> config_path;   ///< --config
    std::map<std::string, std::string> flags; ///< `section.key` -> value, for settings_sources
    std::optional<std::string> schema_for;    ///< --print-schema: a role, or empty
    std::optional<std::string> config_as;     ///< --print-config: toml or markdown
    bool check_config = false;
    bool version = false;
    bool help = false;
};

/// Skips `argv[0]`. An unknown option, a missing value or a stray argument is a fault.
[[nodiscard]] boost::system::result<command_line, settings_faults>
parse_command_line(int argc, char const* const* argv);

/// `otpd backtest`.
struct backtest_line {
    std::vector<std::string> timelines; ///< --timeline, at least one
    std::string config_path;            ///< --config
    bool as_json = false;
    bool help = false;
};
/// Skips `argv[0]`, the word `backtest`.
[[nodiscard]] boost::system::result<backtest_line, settings_faults>
parse_backtest_line(int argc, char const* const* argv);
[[nodiscard]] std::string backtest_usage();

/// The output and exit code of a program that does not start.
struct early_exit {
    /// 0 after --help, --version, --print-*, and a good --check-config; 2 for bad settings.
    int code;
    std::string output; ///< for the standard output
    std::string errors; ///< for the standard error, one line per fault
    std::vector<std::string> faults = {};
};

/// For bad settings.
[[nodiscard]] early_exit exit_with(settings_faults const& faults);

/// Does all of the above in order. `main` prints and returns an early_exit, or runs with the
/// settings.
[[nodiscard]] std::variant<settings, early_exit>
settings_from_process(int argc, char const* const* argv, process_environment const& environment);

/// The version of this program, from CMake.
[[nodiscard]] std::string_view program_version() noexcept;

} // namespace otpd::app
