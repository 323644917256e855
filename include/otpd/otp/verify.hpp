#pragma once

/// POST /verify-otp: checks one guess.

#include "otpd/core/clock.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

struct verify_request {
    otp::caller caller;
    phone_number number;
    otpd::purpose purpose;
    passcode code;
    std::optional<std::string> id = std::nullopt; ///< of a verification
    std::vector<variable> variables = {};         ///< in the order of their names
};

struct verified {
    /// Nothing if the code was right and the requester has no verification.
    std::optional<store::verification_id> id;
};

class guess_checks;
class guess_reports;
class guess_step;

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class verifier {
public:
    /// All arguments must outlive this object and its running calls.
    verifier(policy const& rules, guess_checks const& checks, guess_step const& step,
             guess_reports const& reports, clock const& now)
        : rules_(rules), checks_(checks), step_(step), reports_(reports), now_(now) {}

    /// Counts the guess before comparing it. A code is right at most once.
    boost::asio::awaitable<outcome<verified>> verify(verify_request request);

private:
    boost::asio::awaitable<outcome<verified>> guess(verify_request request);
    boost::asio::awaitable<outcome<verified>> guess_uniformly(verify_request request);

    policy const& rules_;
    guess_checks const& checks_;
    guess_step const& step_;
    guess_reports const& reports_;
    clock const& now_;
};

} // namespace otpd::otp
