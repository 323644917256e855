#pragma once

/// otpd as a program: settings in, service up, exit code out.

#include "application.hpp"

namespace otpd::app {

/// What main() does.
int run_program(int argc, char** argv);
/// With the store that the factory makes: for measurements (bench/filled_otpd.cpp).
int run_program(int argc, char** argv, store_factory const& factory);

} // namespace otpd::app
