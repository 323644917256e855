#pragma once

/// A fault that the service must survive, and the output for script/torture.
///
/// Each scenario prints one line on the standard output: what was done, how often, and the longest
/// time that an ordinary request waited meanwhile. The times are information; no test asserts one.

#include "support/rounds.hpp"

#include <boost/test/framework.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

namespace otpd::test {

class scenario {
public:
    using duration = std::chrono::steady_clock::duration;

    scenario(std::string name, std::string what) : name_(std::move(name)), what_(std::move(what)) {}
    scenario(scenario const&) = delete;
    scenario& operator=(scenario const&) = delete;
    /// Prints the line: five fields separated by tabs.
    ~scenario() {
        auto const test = boost::unit_test::framework::current_test_case_id();
        bool const good = std::uncaught_exceptions() == 0 &&
                          boost::unit_test::results_collector.results(test).passed();
        auto const waited = std::chrono::duration_cast<std::chrono::milliseconds>(longest_);
        std::cout << "\ntorture\t" << name_ << '\t' << what_ << '\t' << rounds_ << '\t'
                  << (good ? "ok" : "FAILED") << '\t' << waited.count() << std::endl;
    }

    void add_rounds(std::size_t more = 1) { rounds_ += more; }
    void waited(duration time) { longest_ = std::max(longest_, time); }

private:
    std::string name_;
    std::string what_;
    std::size_t rounds_ = 0;
    duration longest_{};
};

} // namespace otpd::test
