#include "framing_fault.hpp"

#include <array>
#include <cstddef>

namespace otpd::http {

namespace {

struct description {
    framing_fault fault;
    unsigned status;
    std::string_view kind;
    std::string_view detail;
};

constexpr std::array descriptions = {
    description{framing_fault::control_character, 400, "control_character",
                "The header section holds a control character."},
    description{framing_fault::bare_line_ending, 400, "bare_line_ending",
                "Lines of the header section end in CR LF."},
    description{framing_fault::folded_field, 400, "folded_field",
                "Folded header fields are not accepted."},
    description{framing_fault::bad_request_line, 400, "bad_request_line",
                "The request line is not a method, a target and a version."},
    description{framing_fault::bad_target, 400, "bad_target", "The request target is not valid."},
    description{framing_fault::target_too_long, 414, "target_too_long",
                "The request target is too long."},
    description{framing_fault::version_unsupported, 505, "version_unsupported",
                "Only HTTP/1.1 and HTTP/1.0 are spoken here."},
    description{framing_fault::header_too_large, 431, "header_too_large",
                "The header section is too large."},
    description{framing_fault::credentials_too_large, 401, "credentials_too_large", {}},
    description{framing_fault::too_many_fields, 431, "too_many_fields",
                "The header section has too many fields."},
    description{framing_fault::bad_field, 400, "bad_field", "A header field is not valid."},
    description{framing_fault::bad_host, 400, "bad_host",
                "Exactly one valid Host field is required."},
    description{framing_fault::repeated_field, 400, "repeated_field",
                "A header field that may occur once is repeated."},
    description{framing_fault::bad_content_length, 400, "bad_content_length",
                "Content-Length is not one decimal number."},
    description{framing_fault::length_and_encoding, 400, "length_and_encoding",
                "Content-Length and Transfer-Encoding exclude each other."},
    description{framing_fault::bad_transfer_encoding, 400, "bad_transfer_encoding",
                "The only Transfer-Encoding accepted is chunked, in HTTP/1.1."},
    description{framing_fault::encoding_unsupported, 501, "encoding_unsupported",
                "The only Transfer-Encoding understood is chunked."},
    description{framing_fault::expectation_unknown, 417, "expectation_unknown",
                "The only expectation that can be met is 100-continue."},
    description{framing_fault::body_too_large, 413, "body_too_large", "The body is too large."},
    description{framing_fault::chunk_overhead, 413, "chunk_overhead",
                "The chunks carry too much besides the body."},
    description{framing_fault::bad_body, 400, "bad_body", "The chunked body is not valid."},
    description{framing_fault::header_timeout, 408, "header_timeout",
                "The header section did not arrive in time."},
    description{framing_fault::body_timeout, 408, "body_timeout",
                "The body did not arrive in time."},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < descriptions.size(); ++i)
        if (descriptions[i].fault != static_cast<framing_fault>(i)) return false;
    return descriptions.size() == static_cast<std::size_t>(framing_fault::body_timeout) + 1;
}
static_assert(in_order(), "one row per fault, in the order of the enumeration");

description const& describe(framing_fault fault) noexcept {
    return descriptions[static_cast<std::size_t>(fault)];
}

} // namespace

std::string_view kind(framing_fault fault) noexcept {
    return describe(fault).kind;
}

problem to_problem(framing_fault fault) {
    problem problem;
    // The response must not reveal that a wrong token is too long.
    if (fault == framing_fault::credentials_too_large) {
        problem = unauthorized();
        problem.token_is_wrong = true;
        return problem;
    }
    auto const& row = describe(fault);
    problem.status = row.status;
    problem.code = row.kind;
    problem.detail = row.detail;
    return problem;
}

} // namespace otpd::http
