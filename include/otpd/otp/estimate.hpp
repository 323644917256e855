#pragma once

/// POST /estimate: the expected cost of an SMS.

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
    std::optional<int> route_id = std::nullopt; ///< as in send_request; a plan has no single price
};

class draft_factory;

/// Thread-safe: it may be used from any executor, and calls resume on the caller's.
class estimator {
public:
    /// All arguments must outlive this object and its running calls.
    estimator(policy const& rules, draft_factory const& drafts, messages const& texts,
              bridgexapi::reader& upstream)
        : rules_(rules), drafts_(drafts), texts_(texts), upstream_(upstream) {}

    /// Requests the estimate from the upstream. Sends and counts nothing; the route must be
    /// allowed.
    boost::asio::awaitable<outcome<bridgexapi::estimate>> estimate(estimate_request request,
                                                                   deadline until);

private:
    policy const& rules_;
    draft_factory const& drafts_;
    messages const& texts_;
    bridgexapi::reader& upstream_;
};

} // namespace otpd::otp
