#pragma once

/// Parses the fields that several requests share into the domain's types. If a text is
/// unacceptable, each function adds a fault to the body and returns nullopt.

#include "json_body.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/message.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otpd::api {

std::optional<phone_number> read_phone_number(json_body& body);
/// Returns `login` if the member is missing.
std::optional<purpose> read_purpose(json_body& body);
/// `reason`, which the log shows: 1 to 200 printable ASCII characters, not only spaces. It must
/// have neither digits like a whole phone number, nor the last digits of the one that the request
/// is `about`.
std::optional<std::string> read_reason(json_body& body, bool is_required,
                                       std::optional<phone_number> const& about = std::nullopt);
/// Parses a code as people write it (passcode::parse_typed), of any length that codes may have:
/// settings may have changed since it was sent.
std::optional<passcode> read_code(json_body& body, std::size_t usual_length);
/// Rejects the code for its length.
void reject_length(json_body& body, std::size_t usual_length);
// In the following, a missing member is no fault.

/// 64 hexadecimal digits.
std::optional<std::string> read_verification_id(json_body& body, bool is_required = false);
/// The IP address of the end user, as limits count it (caller.hpp).
std::optional<std::string> read_end_user_address(json_body& body);
/// `device`: 1 to 128 visible ASCII characters.
std::optional<secret_string> read_device(json_body& body);
/// `reference`: 1 to 64 visible ASCII characters; empty if the member is missing.
std::string read_reference(json_body& body);
/// `variables`: up to 8 texts, in the order of their names.
std::vector<otp::variable> read_variables(json_body& body);
/// The same. Their names must be `names`, which are in order.
std::vector<otp::variable> read_variables(json_body& body, std::vector<std::string> const& names);
/// Returns an empty locale if the member is missing.
otp::locale_tag read_locale(json_body& body);
/// `route_id`, from the upstream's catalogue. The policy decides which routes are allowed.
std::optional<int> read_route_id(json_body& body);
/// `route_plan`, which excludes `route_id`. The domain decides whether the plan exists.
std::optional<std::string> read_route_plan(json_body& body, std::optional<int> route_id);
/// `max_price`: a number or a string, parsed exactly.
std::optional<money> read_max_price(json_body& body);
/// `web_otp_host`, with or without `web_otp_frame_host`, both among the client's hosts; or
/// `app_hash`.
std::optional<otp::autofill_suffix> read_autofill_suffix(json_body& body,
                                                         otp::client const& client);

} // namespace otpd::api
