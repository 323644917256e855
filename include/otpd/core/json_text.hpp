#pragma once

/// Writes JSON text without a tree, for responses of known shape.

#include <string>
#include <string_view>

namespace otpd {

/// Appends `text` as an escaped JSON string (RFC 8259 7). Invalid UTF-8 is passed on, because
/// callers have validated their input.
void append_json_string(std::string& out, std::string_view text);

} // namespace otpd
