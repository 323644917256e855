#pragma once

/// The rules by which codes are sent and checked: the operator's choices, already validated
/// (app/settings.hpp).

#include "otpd/core/money.hpp"
#include "otpd/otp/budgets.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/route_plan.hpp"
#include "otpd/store/charge.hpp"
#include "otpd/store/verification.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace otpd::otp {

struct policy {
    std::size_t code_length = 6;    ///< digits, passcode::min_length..max_length
    std::chrono::seconds ttl{300};  ///< <= 10 minutes (NIST SP 800-63B-4 3.1.3.2)
    std::chrono::seconds keep{600}; ///< what a verification can be asked for, >= ttl
    /// Between two sends of a scope; 0: off.
    store::cooldown_rule cooldown{std::chrono::seconds(45), std::chrono::seconds(45),
                                  std::chrono::hours(1)};
    std::chrono::seconds rejected_backoff{5}; ///< instead of the cooldown when nothing was sent
    std::uint32_t attempts_max = 5;           ///< checks of one code, with its id and without
    store::guess_budget guesses{20, std::chrono::hours(24),   5,
                                10, std::chrono::seconds(30), std::chrono::hours(1)};
    /// Purposes whose older codes stay valid with a new one, until their own end.
    std::vector<std::string> purposes_with_several_codes;
    std::vector<int> allowed_routes{1, 2, 3, 4, 5, 7, 8};
    int default_route_id = 3;
    std::vector<route_plan> plans;
    std::vector<spending_budget> budgets;
    /// Of an SMS whose price is not known: for budgets and wherever a price has a limit.
    money assumed_price = money::from_micros(100'000);
    std::string caller_id = "BRIDGEXAPI";
    std::vector<message_template> templates{{"", {}, "Your verification code is {code}."}};
    std::vector<limit> limits;
    pumping_rules pumping;
    destination_rules destinations;
    std::vector<test_number> test_numbers;
    std::chrono::hours idempotency_keep{24};
    std::chrono::milliseconds undo_pause{
        1000}; ///< before an admission that was perhaps made is taken back
    std::chrono::milliseconds send_timeout{20'000};
    /// Failed checks all look alike and are answered no sooner than this after they began (OWASP ASVS
    /// 6.3.8); 0: each says what it is.
    std::chrono::milliseconds uniform_failures{0};
    /// Nobody but this process changes the store: what happens there is heard of here.
    bool hears_everything = false;
    bool reveal_codes = false; ///< for development on a loopback address
};

/// Every name under which something may refuse or observe a request, for metrics.
[[nodiscard]] std::vector<std::string> names_of_limits(policy const& rules);

} // namespace otpd::otp
