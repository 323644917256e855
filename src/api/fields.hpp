#pragma once

/// The fields that several requests share, from text to the domain's types. Each returns nothing and
/// puts a fault on the body's record when the text is not acceptable.

#include "json_body.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/store/store.hpp"

#include <optional>

namespace otpd::api {

std::optional<phone_number> read_phone_number(json_body& body);
/// `login` when the member is missing.
std::optional<purpose> read_purpose(json_body& body);
/// Digits, exactly `length` of them: a code of another length was never sent, so it is a typing error
/// and costs no attempt.
std::optional<passcode> read_code(json_body& body, std::size_t length);
/// Missing is no fault.
std::optional<store::verification_id> read_verification_id(json_body& body);

} // namespace otpd::api
