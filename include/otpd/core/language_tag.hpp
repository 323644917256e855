#pragma once

/// Language tags (BCP 47): "nl", "zh-Hans-CN", "en-US-u-mu-celsius".

#include <cstddef>
#include <string_view>

namespace otpd {

/// Longest tag that is read. RFC 5646 4.4.1 asks for 35 at least.
inline constexpr std::size_t max_language_tag_length = 128;

/// Whether `text` is well-formed (RFC 5646 2.1, 2.2.9), in whatever case, and not longer than that.
/// Whether its subtags are registered nobody looks up: a tag that means nothing matches nothing.
[[nodiscard]] bool is_language_tag(std::string_view text) noexcept;

/// Whether a lookup of `wanted` comes to `candidate` (RFC 4647 3.4): it is the same tag, or what is
/// left when subtags are taken away from the end, where one of a single character never stays the
/// last. Of several candidates the longest is found first. Both are well-formed and in lower case.
[[nodiscard]] constexpr bool is_found_by_lookup(std::string_view candidate,
                                                std::string_view wanted) noexcept {
    if (candidate.size() < 2 || !wanted.starts_with(candidate)) return false;
    return wanted.size() == candidate.size() ||
           (wanted[candidate.size()] == '-' && candidate[candidate.size() - 2] != '-');
}

} // namespace otpd
