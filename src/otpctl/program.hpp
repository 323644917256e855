#pragma once

/// What otpctl does: parse, ask, print.

#include "command_line.hpp"
#include "exchange.hpp"

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace otpd::otpctl {

/// What a run prints, and its exit code: 0 done, 1 refused or failed, 2 wrong usage.
struct surroundings {
    std::istream& input;
    std::ostream& output;
    std::ostream& errors;
    std::function<std::string(char const* name)> variable; ///< of the environment; empty: not set
    std::function<reply(place const&, call const&)> ask;
};

[[nodiscard]] int run(int argc, char const* const* argv, surroundings const& with);

/// With the process's own.
int run_program(int argc, char** argv);

} // namespace otpd::otpctl
