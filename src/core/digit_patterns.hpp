#pragma once

/// Patterns of digits, as the numbering plans write them, made into one automaton: a number is read once, a step for each
/// digit, and all of the patterns that it matches are known.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd {

/// Immutable; may be used from any thread.
class digit_patterns {
public:
    static constexpr std::size_t patterns_max = 16;
    /// Bit i: the pattern i.
    using set = std::uint16_t;

    struct matches {
        set whole = 0;     ///< match all of the digits
        set beginning = 0; ///< match all or a beginning of them
    };

    /// Of digits, `\d`, `[2-47]`, `(?:...)`, `|`, `?`, `{n}` and `{n,m}`; an empty one matches nothing. Throws
    /// std::invalid_argument when one has anything else, is not well formed, or there are more than patterns_max.
    explicit digit_patterns(std::vector<std::string> const& patterns);

    /// Nothing when there is anything but ASCII digits.
    [[nodiscard]] matches find(std::string_view digits) const noexcept;
    /// Whether some digits that a pattern matches begin so.
    [[nodiscard]] bool may_begin(std::string_view digits) const noexcept;

private:
    struct state {
        std::array<std::uint16_t, 10> next{}; ///< 0: no pattern goes on like this
        set ends = 0;                         ///< that match the digits so far
    };
    std::vector<state>
        states_; ///< the first is where nothing matches any more, the second the beginning
};

} // namespace otpd
