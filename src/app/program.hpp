#pragma once

/// otpd as a program: reads settings, runs the service, returns an exit code.

#include "application.hpp"

namespace otpd::app {

/// The body of main().
int run_program(int argc, char** argv);
/// Uses the factory's store, for measurements (bench/filled_otpd.cpp).
int run_program(int argc, char** argv, store_factory const& factory);

} // namespace otpd::app
