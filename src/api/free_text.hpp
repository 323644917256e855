#pragma once

#include "otpd/otp/client.hpp"
#include "otpd/otp/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otpd::api {

/// A provider's text as a template.
struct free_text {
    std::string text; ///< with `{code}`; otp::messages::fault_of() accepts it
    std::optional<otp::autofill_suffix> suffix; ///< of its last line; nullopt: it has none
};

/// Whoever steals a hook's secret must have no use for it, so a text is refused (nullopt) unless it
/// is one line of one SMS with that code exactly once, without other long numbers, and without a
/// link or host other than those in the client's web_otp_hosts. A last line "@host #code" for
/// WebOTP is allowed besides.
[[nodiscard]] std::optional<free_text> read_free_text(std::string_view text, std::string_view code,
                                                      otp::client const& client);

} // namespace otpd::api
