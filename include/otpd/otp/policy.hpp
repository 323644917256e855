#pragma once

/// The rules by which codes are sent and checked: the operator's choices, already validated
/// (app/settings.hpp).

#include "otpd/store/store.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace otpd::otp {

struct policy {
    std::size_t code_length = 6;              ///< digits, passcode::min_length..max_length
    std::chrono::seconds ttl{300};            ///< <= 10 minutes (NIST SP 800-63B-4 3.1.3.2)
    std::chrono::seconds cooldown{45};        ///< between two sends to a number; 0: off
    std::chrono::seconds rejected_backoff{5}; ///< instead of the cooldown when nothing was sent
    std::uint32_t attempts_max = 5;           ///< checks of one code
    store::guess_budget guesses{20, std::chrono::hours(24)}; ///< wrong guesses of one number
    std::vector<int> allowed_routes{1, 2, 3, 4, 5, 7, 8};
    int default_route_id = 3;
    std::string caller_id = "BRIDGEXAPI";
    std::string message_template = "Your verification code is {code}."; ///< `{code}` once
    std::chrono::milliseconds send_timeout{20'000};
    bool reveal_codes = false; ///< for development on a loopback address
};

} // namespace otpd::otp
