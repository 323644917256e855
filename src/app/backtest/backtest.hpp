#pragma once

/// `otpd backtest`: runs other settings over what happened (docs/backtest.md).

#include "command_line.hpp"

#include <string>
#include <vector>

namespace otpd::app {

/// Reads the timelines and returns the report. The exit code is 2 if no line could be read.
[[nodiscard]] early_exit run_backtest(settings const& settings,
                                      std::vector<std::string> const& timelines, bool as_json);

/// Whether the command line is one of `otpd backtest`.
[[nodiscard]] bool is_backtest(int argc, char const* const* argv) noexcept;

/// Parses the command line, loads the settings and does the above.
[[nodiscard]] early_exit backtest_from_process(int argc, char const* const* argv,
                                               process_environment const& environment);

} // namespace otpd::app
