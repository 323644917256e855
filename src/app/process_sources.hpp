#pragma once

/// What the process gives the settings: its environment and files. Only this part of the settings
/// reads the process.

#include "settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace otpd::app {

struct command_line;

/// A copy of the process's environment at its construction. SIGHUP finds the same values later.
class process_environment {
public:
    process_environment();

    [[nodiscard]] std::map<std::string, std::string> variables() const;
    /// Overwrites the values of secrets in the process's environment, which /proc/PID/environ
    /// shows. A partly secret value, such as store.url, is overwritten as a whole. Call it before
    /// there are other threads.
    static void wipe_secrets();

private:
    std::map<std::string, secret_string> variables_;
};

/// Opens --config (must exist) or else ./config.toml (optional), and ./.env (optional). The limits
/// are 256 KiB for TOML and 64 KiB for .env.
[[nodiscard]] boost::system::result<settings_sources, settings_faults>
read_sources(command_line const& line, process_environment const& environment);

/// What is wrong with the permissions of the store's file, if other machines reach this one. The
/// program creates it with mode 0600, but it may be older or may have been changed.
[[nodiscard]] std::vector<std::string> faults_of_database(settings const& all);

} // namespace otpd::app
