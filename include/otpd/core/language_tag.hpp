#pragma once

/// Language tags (BCP 47): "nl", "zh-Hans-CN", "en-US-u-mu-celsius".

#include <cstddef>
#include <string_view>

namespace otpd {

/// The longest tag that is accepted. RFC 5646 4.4.1 requires at least 35.
inline constexpr std::size_t max_language_tag_length = 128;

/// Returns whether `text` is well-formed (RFC 5646 2.1, 2.2.9) in any case, and not too long.
/// Subtags are not looked up in the registry: a meaningless tag matches nothing.
[[nodiscard]] bool is_language_tag(std::string_view text);

/// Returns whether a lookup of `wanted` reaches `candidate` (RFC 4647 3.4). It does if both are
/// equal, or if removing subtags from the end of `wanted` leaves `candidate`. A single-character
/// subtag is removed together with the one after it. A lookup takes the longest of several
/// candidates. Both tags must be well-formed and in lower case.
[[nodiscard]] constexpr bool is_found_by_lookup(std::string_view candidate,
                                                std::string_view wanted) noexcept {
    if (candidate.size() < 2 || !wanted.starts_with(candidate)) return false;
    return wanted.size() == candidate.size() ||
           (wanted[candidate.size()] == '-' && candidate[candidate.size() - 2] != '-');
}

} // namespace otpd
