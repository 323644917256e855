#include "otpd/otp/policy.hpp"

#include "otpd/otp/client.hpp"
#include "scope.hpp"

#include <algorithm>

namespace otpd::otp {

scope_rules policy::for_scope(client const& client, std::string_view purpose) const {
    scope_rules rules = *this;
    if (!scopes.empty()) {
        auto found = scopes.find(scope_prefix(client).append(purpose));
        if (found == scopes.end()) found = scopes.find(scope_of_all_clients(purpose));
        if (found != scopes.end()) rules = found->second;
    }
    rules.require_verification_id |= client.require_verification_id;
    if (!client.default_plan.empty()) {
        rules.plan = client.default_plan;
    } else if (rules.plan.empty()) {
        auto const own = std::ranges::find_if(plans, [&](route_plan const& plan) {
            return std::ranges::find(plan.purposes, purpose) != plan.purposes.end();
        });
        if (own != plans.end()) rules.plan = own->name;
    }
    return rules;
}

} // namespace otpd::otp
