#pragma once

/// The state of a subject as one piece of memory, a third of what its working form takes: the memory store keeps
/// this one, and unpacks it for the length of a step. docs/stores.md says what each byte is for.

#include "name_book.hpp"
#include "packed_bytes.hpp"
#include "subject_state.hpp"

namespace otpd::store {

/// Of each code's MAC the first 128 bits are kept. A truncated HMAC is as good a MAC as long as no less than half
/// of the hash is kept and no less than 80 bits (RFC 2104 section 5). Whoever compares with what was unpacked
/// compares no more than that: keep_half().
inline constexpr std::size_t mac_bytes_kept = 16;

void keep_half(code_mac& code) noexcept;

/// Only what is there, and it says itself where it ends. Its names are put into the book.
void pack(packer& to, subject_state const& state, name_book& names);

/// Into a state that is empty; how many bytes that were. They have to stay as long as the state and what is
/// copied of it: events and receipts are not looked into. Names are those of the book it was packed with.
std::size_t unpack(char const* from, subject_state& state, name_book const& names);

} // namespace otpd::store
