#include "program.hpp"

#include "backtest/backtest.hpp"
#include "command_line.hpp"
#include "process.hpp"
#include "wiring.hpp"

#include <cstdio>
#include <exception>
#include <utility>

namespace otpd::app {

int run_program(int argc, char** argv) {
    return run_program(argc, argv, make_store);
}

int run_program(int argc, char** argv, store_factory const& factory) {
    try {
        prepare_process();
        process_environment const environment;
        auto outcome = is_backtest(argc, argv) ? backtest_from_process(argc, argv, environment)
                                               : settings_from_process(argc, argv, environment);
        if (auto const* exit = std::get_if<early_exit>(&outcome)) {
            std::fputs(exit->output.c_str(), stdout);
            std::fputs(exit->errors.c_str(), stderr);
            return exit->code;
        }
        process_environment::wipe_secrets();
        auto again = [&]() -> boost::system::result<settings, settings_faults> {
            auto fresh = settings_from_process(argc, argv, environment);
            if (auto* good = std::get_if<settings>(&fresh)) return std::move(*good);
            return settings_faults{std::get<early_exit>(fresh).faults};
        };
        application(std::get<settings>(std::move(outcome)), again, factory).run();
        return 0;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "otpd: %s\n", e.what());
        return 1;
    }
}

} // namespace otpd::app
