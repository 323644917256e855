#pragma once

/// Translates the service's answers into the simulation's terms.

#include "answer.hpp"
#include "otpd/otp/operations.hpp"

#include <map>

namespace otpd::simulation {

using ids = std::map<store::verification_id, operation_id>;

[[nodiscard]] answer translate(otp::failure const& why);
[[nodiscard]] answer translate(otp::sent const& done);
[[nodiscard]] answer translate(otp::verified const& right, ids const& by_id);
[[nodiscard]] answer translate(otp::verification_view const& view);
[[nodiscard]] answer translate(store::released const& done);
[[nodiscard]] answer translate(store::update_outcome said);

/// The reply that is stored for an idempotency key, which names its send.
[[nodiscard]] std::string reply_of(operation_id op);

} // namespace otpd::simulation
