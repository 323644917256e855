#pragma once

/// The reasons to refuse a request before its handler runs.

#include "otpd/http/problem.hpp"

#include <cstdint>
#include <string_view>

namespace otpd::http {

enum class framing_fault : std::uint8_t {
    control_character,
    bare_line_ending,
    folded_field,
    bad_request_line,
    bad_target,
    target_too_long,
    version_unsupported,
    header_too_large,
    credentials_too_large, ///< the header section is too large because of its Authorization field
    too_many_fields,
    bad_field,
    bad_host,
    repeated_field,
    bad_content_length,
    length_and_encoding,
    bad_transfer_encoding,
    encoding_unsupported,
    expectation_unknown,
    body_too_large,
    chunk_overhead,
    bad_body,
    header_timeout,
    body_timeout,
};

/// The fault as one of a closed set of words, for metrics. It is also the problem's `code`, except
/// where the code must not reveal it.
[[nodiscard]] std::string_view kind(framing_fault fault) noexcept;
[[nodiscard]] problem to_problem(framing_fault fault);

} // namespace otpd::http
