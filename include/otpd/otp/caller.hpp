#pragma once

#include "otpd/otp/client.hpp"

#include <optional>
#include <string>

namespace otpd::otp {

/// Who asks, and for whom. Addresses are written so that all of one household are one text: IPv4 whole,
/// IPv6 by its first 64 bits.
struct caller {
    client const* from = nullptr;                ///< outlives the call
    std::string address;                         ///< of the client's machine
    std::optional<std::string> end_user_address; ///< as the client says
    std::string request_id;                      ///< for the log
};

} // namespace otpd::otp
