#pragma once

/// Texts in fewer bytes: names of limits and slots, ids of messages, details of events. Any text comes back
/// as it was; those that the service writes take a third of their length, at 1 to 3 ns a character.
///
/// What is kept of a live code is mostly such texts, and each is too short for a general compressor, which
/// would have to see the same word twice in one of them. The words are known beforehand (short_text.cpp), as
/// with SMAZ (https://github.com/antirez/smaz); digits go in pairs and hexadecimal digits two to a byte.

#include <string>
#include <string_view>

namespace otpd::store {

void append_short(std::string& to, std::string_view text);
[[nodiscard]] std::string shortened(std::string_view text);
/// Of what append_short() made, and nothing else.
[[nodiscard]] std::string lengthened(std::string_view text);

} // namespace otpd::store
