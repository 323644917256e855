#pragma once

/// The fields that several requests share, from text to the domain's types. Each returns nothing
/// and puts a fault on the body's record when the text is not acceptable.

#include "json_body.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/message.hpp"

#include <optional>
#include <string>

namespace otpd::api {

std::optional<phone_number> read_phone_number(json_body& body);
/// `login` when the member is missing.
std::optional<purpose> read_purpose(json_body& body);
/// A code of `length` digits as people write it (passcode::parse_typed): one of another length was
/// never sent, so it is a typing error and costs no attempt.
std::optional<passcode> read_code(json_body& body, std::size_t length);
// Missing is no fault of these.

/// 64 hexadecimal digits.
std::optional<std::string> read_verification_id(json_body& body);
/// The IP address of whom the code is for, as limits count it (caller.hpp).
std::optional<std::string> read_end_user_address(json_body& body);
/// Empty when missing.
otp::locale_tag read_locale(json_body& body);
/// `route_id`, one of the upstream's catalogue; the policy says which of them are enabled.
std::optional<int> read_route_id(json_body& body);
/// `route_plan`, which excludes `route_id`; whether there is such a plan is the domain's to say.
std::optional<std::string> read_route_plan(json_body& body, std::optional<int> route_id);
/// `max_price`, a number or a string, exactly.
std::optional<money> read_max_price(json_body& body);
/// `web_otp_host`, with `web_otp_frame_host` or without, both among the client's; or `app_hash`.
std::optional<otp::autofill_suffix> read_autofill_suffix(json_body& body,
                                                         otp::client const& client);

} // namespace otpd::api
