#pragma once

/// Packs the texts of scopes, limits and events: frequent words take one byte each.
///
/// The words are part of the stored format: words are never changed or removed, and new ones are
/// appended. A text without any of them can be packed as well, but is longer.

#include "bytes.hpp"

#include <string>
#include <string_view>

namespace otpd::store::state {

/// Appends `text` in packed form.
void append_packed(std::string& to, std::string_view text);
/// Whether append_unpacked() can read it.
[[nodiscard]] bool is_packed(std::string_view packed) noexcept;
/// Appends the unpacked text, up to the first byte that is_packed() would refuse.
void append_unpacked(std::string& to, std::string_view packed);
/// Writes a packed text with its size.
void write_packed(writer& to, std::string_view text);
/// Fails the reader if it is malformed.
void read_packed(reader& reader, std::string& text);

} // namespace otpd::store::state
