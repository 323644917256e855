#pragma once

/// Texts of scopes, limits and events in few bytes: what they are usually made of is one byte each.
///
/// The words are a part of the stored format: none is changed, none is taken away, and new ones
/// come at the end. A text without any of them is kept as well, only longer.

#include "bytes.hpp"

#include <string>
#include <string_view>

namespace otpd::store::state {

/// Appends what `text` is packed to.
void append_packed(std::string& to, std::string_view text);
/// Whether append_unpacked() can read it.
[[nodiscard]] bool is_packed(std::string_view packed) noexcept;
/// Appends what was packed, up to what is_packed() objects to.
void append_unpacked(std::string& to, std::string_view packed);
/// The same of a text whose end the reader finds.
void write_packed(writer& to, std::string_view text);
/// Fails the reader when it is none.
void read_packed(reader& reader, std::string& text);

} // namespace otpd::store::state
