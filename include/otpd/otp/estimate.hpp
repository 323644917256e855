#pragma once

/// POST /estimate: what an SMS would cost.

#include "otpd/bridgexapi/gateway.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/policy.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace otpd::otp {

struct estimate_request {
    otp::caller caller;
    phone_number to;
    otpd::purpose purpose;
    std::optional<int> route_id = std::nullopt; ///< as send_request's; a plan has no single price
};

class send_checks;

/// From any executor; calls continue on the caller's.
class estimator {
public:
    /// All must outlive it, and the calls that run.
    estimator(policy const& rules, send_checks const& checks, messages const& texts,
              bridgexapi::gateway& gateway)
        : rules_(rules), checks_(checks), texts_(texts), gateway_(gateway) {}

    /// Asks the upstream now. Sends nothing and counts nothing; the route must be allowed.
    boost::asio::awaitable<outcome<bridgexapi::estimate>> estimate(estimate_request request,
                                                                   deadline until);

private:
    policy const& rules_;
    send_checks const& checks_;
    messages const& texts_;
    bridgexapi::gateway& gateway_;
};

} // namespace otpd::otp
