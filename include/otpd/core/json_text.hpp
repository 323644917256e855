#pragma once

/// JSON text, written without a tree: for replies, whose shape is known.

#include <string>
#include <string_view>

namespace otpd {

/// Appends `text` as a JSON string (RFC 8259 7), escaped. Bytes that are not UTF-8 are passed on:
/// what gets here was validated before.
void append_json_string(std::string& out, std::string_view text);

} // namespace otpd
