#include "program.hpp"

int main(int argc, char** argv) {
    return otpd::otpctl::run_program(argc, argv);
}
