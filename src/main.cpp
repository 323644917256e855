#include "app/program.hpp"

int main(int argc, char** argv) {
    return otpd::app::run_program(argc, argv);
}
