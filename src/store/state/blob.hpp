#pragma once

/// The header of every stored state: its version in 8 bytes, most significant first, and the format
/// of the rest in one byte.

#include "state/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace otpd::store::state {

/// Unique and growing for each key: the store's microseconds, the writer and a count. Never 0.
using version = std::uint64_t;
inline constexpr version absent_version = 0; ///< of a state that is not stored

/// The upper half is the kind of the state, the lower half the number of its format. A reader that
/// does not know a format fails, and a state that cannot be read is never overwritten.
enum class format : std::uint8_t {
    number_1 = 0x11,
    shared_1 = 0x21,
    record_1 = 0x31,
    journals_1 = 0x41,
    overrides_1 = 0x51
};

inline constexpr std::size_t header_size = sizeof(version) + 1;

inline void write_header(writer& to, version written, format as) {
    boost::endian::native_to_big_inplace(written);
    to.plain({reinterpret_cast<char const*>(&written), sizeof written});
    to.byte(static_cast<std::uint8_t>(as));
}

[[nodiscard]] inline version read_version(reader& reader) noexcept {
    std::array<std::byte, sizeof(version)> found{};
    reader.bytes(found);
    return boost::endian::big_to_native(std::bit_cast<version>(found));
}

/// The version of a blob; absent_version if it is empty or broken.
[[nodiscard]] inline version version_of(std::string_view blob) noexcept {
    reader reader(blob);
    auto const found = read_version(reader);
    return reader.ok() ? found : absent_version;
}

/// Fails the reader unless the blob has that format.
[[nodiscard]] inline version read_header(reader& reader, format as) noexcept {
    auto const found = read_version(reader);
    if (reader.byte() != static_cast<std::uint8_t>(as) || found == absent_version) reader.fail();
    return found;
}

/// Returns the element of a list whose member has the value; null if there is none.
template <class List, class Member, class Value>
[[nodiscard]] auto* find_in(List& list, Member member, Value const& value) noexcept {
    auto const found = std::ranges::find(list, value, member);
    return found == list.end() ? nullptr : &*found;
}

} // namespace otpd::store::state
