#pragma once

/// An API client: a program that has a token. It sees its own verifications; those of other clients
/// are absent for it.

#include "otpd/core/money.hpp"
#include "otpd/otp/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

struct client {
    static constexpr std::size_t max_name_length = 32;
    static constexpr char const* default_name = "default";

    std::string name = default_name;    ///< 1..max_name_length of [a-z0-9_-]; unique
    std::vector<std::string> purposes;  ///< lower case; empty: any
    std::vector<int> routes;            ///< empty: policy::allowed_routes
    std::vector<std::string> countries; ///< upper case; empty: destination_rules::countries
    std::string caller_id;              ///< empty: the policy's
    int default_route_id = 0;           ///< 0: the policy's
    std::string default_plan; ///< a route plan's name; empty: the purpose's, or the default route
    std::optional<money> max_price;         ///< of one SMS
    std::vector<std::string> web_otp_hosts; ///< that its requests may name
    autofill_suffix suffix;                 ///< of requests that choose none
    /// One of several: it sees its own messages and its own spending. Account, budgets and scores
    /// are the operator's. False: it is the operator.
    bool is_tenant = false;
};

} // namespace otpd::otp
