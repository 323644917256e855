#pragma once

/// The Idempotency-Key field of a request (draft-ietf-httpapi-idempotency-key-header).

#include "otpd/http/problem.hpp"
#include "otpd/http/request.hpp"
#include "otpd/otp/send.hpp"

#include <boost/system/result.hpp>

#include <optional>

namespace otpd::api {

/// The field is repeated or invalid.
struct bad_idempotency_key {};

/// Returns the 400 for it.
[[nodiscard]] http::problem to_problem(bad_idempotency_key);

/// Required by boost::system::result. Using a fault as a key is a bug.
[[noreturn]] void throw_exception_from_error(bad_idempotency_key, boost::source_location const&);

/// Returns nullopt if the field is absent. The value is a string of a structured field ("…", RFC
/// 8941 3.3.3), or bare, as many clients send it. An invalid key is an error: ignoring it would
/// allow a second SMS. The fingerprint is that of the body, and `write` is empty.
[[nodiscard]] boost::system::result<std::optional<otp::idempotency_key>, bad_idempotency_key>
read_idempotency_key(http::request const& request);

} // namespace otpd::api
