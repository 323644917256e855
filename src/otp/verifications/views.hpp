#pragma once

#include "otpd/otp/client.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/verifications.hpp"
#include "otpd/store/verification.hpp"

#include <string>

namespace otpd::otp {

/// A verification of that client, under its id.
[[nodiscard]] verification_view view_of(std::string id, store::verification const& found,
                                        policy const& rules, client const& client);

} // namespace otpd::otp
