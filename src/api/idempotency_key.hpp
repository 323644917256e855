#pragma once

/// The field Idempotency-Key of a request (draft-ietf-httpapi-idempotency-key-header).

#include "otpd/http/problem.hpp"
#include "otpd/http/request.hpp"

#include <boost/system/result.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace otpd::api {

struct idempotency_key {
    std::string text;                        ///< 1 to otp::idempotency::max_key_length characters
    std::array<std::byte, 16> fingerprint{}; ///< of the body
};

/// The field is repeated, or is no key.
struct bad_idempotency_key {};

/// The 400 that says so.
[[nodiscard]] http::problem to_problem(bad_idempotency_key);

/// Needed by boost::system::result: using a fault as a key is a bug.
[[noreturn]] void throw_exception_from_error(bad_idempotency_key, boost::source_location const&);

/// Nothing when there is no such field. Written as the string of a structured field ("…", RFC 8941
/// 3.3.3), or bare: many clients send it so. A key that is not understood must not be passed over,
/// or its SMS is sent twice.
[[nodiscard]] boost::system::result<std::optional<idempotency_key>, bad_idempotency_key>
read_idempotency_key(http::request const& request);

} // namespace otpd::api
