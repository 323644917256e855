#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/policy.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::otp {

/// The configured numbers that get no SMS and always have the same code.
class test_numbers {
public:
    /// Both arguments must outlive it.
    test_numbers(policy const& rules, clock const& now) : rules_(rules), now_(now) {}

    /// Returns null unless the number is a test number today.
    [[nodiscard]] test_number const* find(phone_number const& number) const {
        auto const today = std::chrono::floor<std::chrono::days>(now_.wall());
        auto const found =
            std::ranges::find_if(rules_.test_numbers, [&](test_number const& test_number) {
                return test_number.number == number && today <= test_number.until;
            });
        return found == rules_.test_numbers.end() ? nullptr : &*found;
    }

private:
    policy const& rules_;
    clock const& now_;
};

} // namespace otpd::otp
