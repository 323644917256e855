#pragma once

#include "events/event_outbox.hpp"
#include "limits/destination_check.hpp"
#include "limits/limiter.hpp"
#include "limits/test_numbers.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/verify.hpp"

#include <string>

namespace otpd::otp {

/// One guess, and its request to the store.
struct checked_guess {
    verify_request request;
    store::number_key number;
    std::string country; ///< empty: unknown
    store::check check;
    pseudonyms who;
    outbox_place outbox = {}; ///< of the event `verified` or `exhausted`
};

/// Determines what the store compares and counts for a guess. Thread-safe.
class guess_checks {
public:
    /// All arguments must outlive it and the checks that it makes.
    guess_checks(policy const& rules, key_ring const& keys, limiter const& limits,
                 test_numbers const& tests, destination_check const& destinations)
        : rules_(rules), keys_(keys), limits_(limits), tests_(tests), destinations_(destinations) {}

    [[nodiscard]] checked_guess check(verify_request&& request) const;

private:
    policy const& rules_;
    key_ring const& keys_;
    limiter const& limits_;
    test_numbers const& tests_;
    destination_check const& destinations_;
};

} // namespace otpd::otp
