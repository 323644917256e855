#pragma once

/// Waits until another program has done something. Throws if that does not happen; no test passes
/// because of the limit.

#include <chrono>
#include <stdexcept>
#include <thread>

namespace otpd::test {

template <class Condition>
void eventually(Condition met, std::chrono::seconds patience = std::chrono::seconds(60)) {
    auto const limit = std::chrono::steady_clock::now() + patience;
    while (!met()) {
        if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("never happened");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

} // namespace otpd::test
