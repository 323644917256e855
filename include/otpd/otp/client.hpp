#pragma once

/// An API client: a program with a token. It sees only its own verifications; those of other
/// clients do not exist for it.

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
    std::vector<std::string> web_otp_hosts; ///< hosts that its requests may name
    autofill_suffix suffix;                 ///< for requests that choose none
    bool require_verification_id = false;   ///< for its checks, whatever the policy says
    /// It can have its users solve a challenge where only a conversion guard refuses their sends.
    bool challenge = false;
    /// True: one of several clients. It sees its own messages and spending; account, budgets and
    /// scores are the operator's. False: the client is the operator.
    bool is_tenant = false;
    bool is_operator = false; ///< none of the clients, but who runs the service
};

} // namespace otpd::otp
